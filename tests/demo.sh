#!/bin/sh
#
# demo.sh [--oneshot]: serves a copy of the samples in conf.d with lighttpd, set
# up as cgi-bin/lighttpd.conf says, and fetches them as senders would. Then it
# waits, so that a person can try more, until Ctrl-C. With --oneshot it ends by
# itself. Exits 0 only if every answer was the right one. Leaves nothing behind.
#
# Plain HTTP on the loopback: TLS is the web server's and looks the same here.
set -eu
umask 022

top=$(cd "$(dirname "$0")/.." && pwd)
program=$top/cgi-bin/mta-sts.fcgi
path=/.well-known/mta-sts.txt
oneshot=
lighttpd_pid=
tail_pid=
base=
wrong=0

case ${1-} in
'') ;;
--oneshot) oneshot=yes ;;
*)
	echo 'usage: demo.sh [--oneshot]' >&2
	exit 2
	;;
esac

bold='' dim='' red='' green='' plain=''
if [ -t 1 ] && [ "${TERM-dumb}" != dumb ]; then
	esc=$(printf '\033[')
	bold=${esc}1m dim=${esc}2m red=${esc}31m green=${esc}32m plain=${esc}0m
fi

# $1 as a heading.
title() {
	printf '\n%s%s%s\n\n' "$bold" "$1" "$plain"
}

die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

# Ends a process that this script started, and waits until it is gone. These two
# are called by a trap, which shellcheck does not see.
# shellcheck disable=SC2317
stop() {
	[ -n "$1" ] || return 0
	kill "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
}

# shellcheck disable=SC2317
clean_up() {
	status=$?
	trap '' INT TERM HUP
	trap - EXIT
	stop "$tail_pid"
	stop "$lighttpd_pid"
	[ -z "$base" ] || rm -rf "$base"
	exit "$status"
}

# A directory that nobody else can write to, above it neither: see "Trust" in
# mta-sts.fcgi(8). That rules /tmp out; and no program may start below /run. By
# su(1) one has another user's XDG_RUNTIME_DIR.
make_base() {
	parent=/var/lib
	if [ "$(id -u)" -ne 0 ]; then
		parent=${XDG_RUNTIME_DIR-}
		[ -w "$parent" ] || parent=$HOME
	fi
	base=$(mktemp -d "$parent/mta-sts-demo.XXXXXX")
	chmod 0755 "$base"
}

copy_policies() {
	mkdir "$base/conf.d" "$base/run" "$base/htdocs"
	for file in "$top"/conf.d/*.txt; do
		if [ -L "$file" ]; then
			ln -s "$(readlink "$file")" "$base/conf.d/${file##*/}"
		else
			cp "$file" "$base/conf.d/"
		fi
	done
	cat >"$base/conf.d/broken.example.txt" <<-EOF
	version: STSv1
	mode: enforced
	mx: mx1.broken.example.
	max_age: 7d
	EOF
	cat >"$base/mta-sts.conf" <<-EOF
	policies = "$base/conf.d";
	owner = "$(id -un)";
	log = { to = "stderr"; level = "info"; };
	EOF
}

# Nothing of the shipped configuration changes but its three paths.
write_configuration() {
	sed -e "s|/usr/lib/cgi-bin/mta-sts.fcgi|$program|" \
	    -e "s|/run/lighttpd/mta-sts.sock|$base/run/mta-sts.sock|" \
	    -e "s|/etc/mta-sts/mta-sts.conf|$base/mta-sts.conf|" \
	    "$top/cgi-bin/lighttpd.conf" >"$base/99-mta-sts.conf"
	cat >"$base/lighttpd.conf" <<-EOF
	server.bind = "127.0.0.1"
	server.port = $1
	server.document-root = "$base/htdocs"
	server.pid-file = "$base/run/lighttpd.pid"
	server.errorlog = "$base/run/lighttpd.log"
	server.breakagelog = "$base/run/log"
	include "$base/99-mta-sts.conf"
	EOF
	[ "$(id -u)" -eq 0 ] || return 0
	# As on a host: lighttpd and the responder are not root.
	cat >>"$base/lighttpd.conf" <<-EOF
	server.username = "www-data"
	server.groupname = "www-data"
	EOF
	chown www-data: "$base/run"
}

# lighttpd writes its process id once it has the port, and ends when somebody
# else has it.
start_lighttpd() {
	lighttpd=$(PATH=$PATH:/usr/sbin:/sbin command -v lighttpd) ||
	    die 'lighttpd is missing: make deps'
	for try in 1 2 3 4 5 6 7 8 9; do
		port=$((10000 + ($$ * 7 + try * 1009) % 20000))
		write_configuration "$port"
		"$lighttpd" -D -f "$base/lighttpd.conf" 2>"$base/start" &
		lighttpd_pid=$!
		while kill -0 "$lighttpd_pid" 2>/dev/null; do
			[ ! -s "$base/run/lighttpd.pid" ] || return 0
			sleep 0.1
		done
	done
	lighttpd_pid=
	cat "$base/start" "$base/run/lighttpd.log" >&2
	die 'lighttpd does not start'
}

fetch() {
	curl -sS --noproxy '*' --max-time 10 --connect-to "::127.0.0.1:$port" "$@"
}

# Shows CR and LF, which a terminal would swallow. The last line end is there
# if the last byte is one, so that nothing is claimed that was not received.
show() {
	sed -e "s/$(printf '\r')\$/$dim\\\\r\\\\n$plain/" -e 's/^/    /' "$1"
	[ -z "$(tail -c 1 "$1")" ] || echo
}

# expect STATUS HOST [FILE]: fetches the policy of a host, shows request and
# answer, and compares the status, and the body with a file.
expect() {
	printf '%s  GET %s, Host: %s%s\n' "$bold" "$path" "$2" "$plain"
	status=$(fetch -D "$base/run/headers" -o "$base/run/body" \
	    -w '%{http_code}' "http://$2$path") || status=none
	cat "$base/run/headers" "$base/run/body" >"$base/run/answer"
	show "$base/run/answer"
	if [ "$status" != "$1" ]; then
		printf '  %sexpected status %s%s\n\n' "$red" "$1" "$plain"
		wrong=$((wrong + 1))
	elif [ $# -gt 2 ] && ! cmp -s "$3" "$base/run/body"; then
		printf '  %sexpected another policy%s\n\n' "$red" "$plain"
		wrong=$((wrong + 1))
	else
		printf '  %sas expected%s\n\n' "$green" "$plain"
	fi
}

# expect_policy DOMAIN: what must be served is the sample without its comments,
# every line ended by CRLF.
expect_policy() {
	sed -e '/^#/d' -e '/^$/d' -e "s/\$/$(printf '\r')/" \
	    "$base/conf.d/$1.txt" >"$base/run/expected"
	expect 200 "mta-sts.$1" "$base/run/expected"
}

# expect_log TEXT: shows the log's lines with that text; there must be one.
expect_log() {
	for try in 1 2 3 4 5 6 7 8 9 10; do
		grep -F "$1" "$base/run/log" >"$base/run/lines" && break
		sleep 0.2
	done
	if [ -s "$base/run/lines" ]; then
		sed 's/^/    /' "$base/run/lines"
	else
		printf '  %snothing about it in the log%s\n' "$red" "$plain"
		wrong=$((wrong + 1))
	fi
}

tour() {
	title 'A policy: enforce, two mail hosts'
	expect_policy example.com
	title 'An alias: example.org.txt is a symbolic link to example.com.txt'
	expect_policy example.org
	title 'A policy on trial, with a wildcard'
	expect_policy example.net
	title 'A policy that is being retired'
	expect_policy example.edu
	title 'A shared text: hosted.example.txt is a link to _hosting.txt'
	expect_policy hosted.example

	title 'A domain without a policy'
	expect 404 mta-sts.nowhere.example
	title 'A policy with errors never leaves the house'
	sed 's/^/    /' "$base/conf.d/broken.example.txt"
	echo
	expect 500 mta-sts.broken.example
	echo '  The log has the reasons:'
	echo
	expect_log 'broken.example: '

	title 'Mended, it counts at once: no reload, no cache'
	cat >"$base/conf.d/.draft" <<-EOF
	version: STSv1
	mode: enforce
	mx: mx1.broken.example
	max_age: 604800
	EOF
	mv "$base/conf.d/.draft" "$base/conf.d/broken.example.txt"
	expect_policy broken.example
}

try_more() {
	url=http://mta-sts.example.net$path
	cat <<-EOF
	${bold}Try more while this runs; Ctrl-C ends it.${plain}

	A request (append "| cat -A" and each CR is a ^M):

	    curl -i --connect-to ::127.0.0.1:$port $url

	Change a policy in another terminal, and ask again; it counts at once:

	    editor $base/conf.d/example.net.txt

	Add a domain, and ask for mta-sts.your.example:

	    ln -s _hosting.txt $base/conf.d/your.example.txt

	Check them all:

	    $program -c $base/mta-sts.conf -n

	What the responder logs from now on:

	EOF
	tail -n 0 -f "$base/run/log" &
	tail_pid=$!
	wait "$lighttpd_pid" || :
	die 'lighttpd has ended'
}

[ -x "$program" ] || die "$program is not there: make"
trap clean_up EXIT
trap 'echo; exit "$((wrong > 0))"' INT TERM HUP
make_base
if [ "$(id -u)" -eq 0 ]; then
	# www-data may have no way to where the project is.
	cp "$program" "$base/"
else
	# lighttpd takes no path with a space in it.
	ln -s "$program" "$base/"
fi
program=$base/mta-sts.fcgi
copy_policies
start_lighttpd
tour
if [ "$wrong" -gt 0 ]; then
	printf '%s%d answers were wrong%s\n' "$red" "$wrong" "$plain"
	tail -n 5 "$base/run/lighttpd.log" "$base/run/log"
else
	printf '\n%sEvery answer was the right one.%s\n\n' "$green" "$plain"
fi
[ -n "$oneshot" ] || try_more
exit "$((wrong > 0))"
