#!/bin/sh
#
# The post_command of Virtualmin, which tells what it has done in the variables
# VIRTUALSERVER_*. Domains without mail have no policy.
hook=$(dirname "$(readlink -f "$0")")/hook
domain=${VIRTUALSERVER_DOM-}
old=${VIRTUALSERVER_OLDSERVER_DOM-$domain}
mail=${VIRTUALSERVER_MAIL-1}
old_mail=${VIRTUALSERVER_OLDSERVER_MAIL-$mail}

present() {
	[ "$mail" = 1 ] || return 0
	if [ -n "${VIRTUALSERVER_ALIAS-}" ]; then
		"$hook" aliased "$domain" "${ALIAS_VIRTUALSERVER_DOM-}"
	else
		"$hook" created "$domain"
	fi
}

modified() {
	if [ "$mail" != 1 ]; then
		[ "$old_mail" != 1 ] || "$hook" gone "$old"
	elif [ "$old" != "$domain" ] && [ "$old_mail" = 1 ]; then
		"$hook" renamed "$old" "$domain"
	elif [ "$old_mail" != 1 ]; then
		present
	fi
}

case ${VIRTUALSERVER_ACTION-} in
CREATE_DOMAIN | CLONE_DOMAIN | RESTORE_DOMAIN | ENABLE_DOMAIN) present ;;
MODIFY_DOMAIN) modified ;;
DELETE_DOMAIN | DISABLE_DOMAIN) "$hook" gone "$domain" ;;
esac
exit 0
