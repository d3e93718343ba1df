#!/bin/sh
#
# An event handler of Plesk, for the events by which a domain is created,
# changed and deleted. Which of the two names there are tells which it was; they
# may be Unicode.
hook=$(dirname "$(readlink -f "$0")")/hook
new=${NEW_DOMAIN_NAME-}
old=${OLD_DOMAIN_NAME-}

if [ -z "$old" ]; then
	"$hook" created "$new"
elif [ -z "$new" ]; then
	"$hook" gone "$old"
elif [ "$new" != "$old" ]; then
	"$hook" renamed "$old" "$new"
fi
exit 0
