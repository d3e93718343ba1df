#!/bin/sh
#
# install-deps.sh PACKAGE... : installs from Debian those that are missing.
#
# Needs root only when something is missing. Starts no service: while packages
# are being installed, policy-rc.d(8) forbids it, and a web server that this run
# brought is not left to start at boot either. Removes nothing.
set -eu

policy=/usr/sbin/policy-rc.d
mark='# Of install-deps.sh, which takes it away when it is done.'
servers='lighttpd nginx apache2 bind9 nsd php8.2-fpm fcgiwrap postfix
postfix-mta-sts-resolver chasquid haproxy caddy' # packages

# The first version of Debian 12 that has CVE-2025-23016 mended.
libfcgi=2.4.2-2+deb12u1

say() {
	printf 'deps: %s\n' "$*"
}

die() {
	printf 'deps: %s\n' "$*" >&2
	exit 1
}

is_installed() {
	dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null |
	    grep -qx installed
}

has_fixed_libfcgi() {
	version=$(dpkg-query -W -f '${Version}\n' libfcgi-dev | head -n 1)
	dpkg --compare-versions "$version" ge "$libfcgi"
}

not_installed() {
	for package; do
		is_installed "$package" || printf '%s ' "$package"
	done
}

# A machine has one mail server, and the tests are no reason to replace it: those
# that need postfix are then left out.
without_second_mta() {
	other=$(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' |
	    sed -n 's/^installed \([^ ]*\) .*mail-transport-agent.*/\1/p')
	for package; do
		if [ "$package" = postfix ] && [ -n "$other" ] &&
		    [ "$other" != postfix ]; then
			say "postfix is left out, $other being here" >&2
			continue
		fi
		printf '%s ' "$package"
	done
}

forbid_services() {
	# One that a killed run has left is ours to take away.
	[ ! -e "$policy" ] || grep -qxF "$mark" "$policy" || return 0
	# Before the file: an interruption between the two leaves nothing.
	trap 'rm -f "$policy"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
	chmod 0755 "$policy"
}

# What systemd has of a package.
units_of() {
	case $1 in
	bind9) echo named.service ;;
	chasquid)
		echo chasquid.service chasquid-smtp.socket \
		    chasquid-submission.socket chasquid-submission_tls.socket
		;;
	*) echo "$1.service" ;;
	esac
}

# Of those that were not here before; whatever started one all the same (a
# policy-rc.d of the administrator's may allow it) is stopped.
disable_services() {
	for server; do
		is_installed "$server" || continue
		for unit in $(units_of "$server"); do
			name=${unit%.*}
			if [ -e "/etc/init.d/$name" ]; then
				update-rc.d "$name" disable >/dev/null
			fi
			if command -v systemctl >/dev/null; then
				systemctl --quiet disable "$unit" 2>/dev/null ||
				    say "$unit could not be disabled" >&2
			fi
			if [ -d /run/systemd/system ]; then
				systemctl stop "$unit" || :
			fi
		done
		say "$server is installed, and will not start at boot"
	done
}

[ $# -gt 0 ] || die 'usage: install-deps.sh package ...'
command -v dpkg-query >/dev/null ||
    die "this is not Debian; install what corresponds to: $*"

# shellcheck disable=SC2046
missing=$(not_installed $(without_second_mta "$@"))
if ! is_installed libfcgi-dev || ! has_fixed_libfcgi; then
	case " $missing " in
	*' libfcgi-dev '*) ;;
	*) missing="${missing}libfcgi-dev " ;;
	esac
fi

if [ -z "$missing" ]; then
	say "all $# packages are installed"
	exit 0
fi
say "to be installed: $missing"
[ "$(id -u)" -eq 0 ] ||
    die "that needs root: apt-get install --no-install-recommends $missing"

# shellcheck disable=SC2086
new_servers=$(not_installed $servers)
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
forbid_services
apt-get -q update </dev/null ||
    say 'the package lists could not be renewed; going on with the old ones'
# shellcheck disable=SC2086
apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    install $missing </dev/null
# shellcheck disable=SC2086
disable_services $new_servers

has_fixed_libfcgi ||
    die "libfcgi is $version and open to CVE-2025-23016; $libfcgi is needed" \
    '(is the security archive among the sources of apt?)'
say "libfcgi $version has CVE-2025-23016 mended"
