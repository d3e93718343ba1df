#!/bin/sh
#
# Puts the certificate of a policy host where nginx.conf and lighttpd-acme.conf
# look for it, readable for the web server:
# /etc/mta-sts/tls/mta-sts.example.com/{fullchain,privkey}.pem.
# An ACME client calls it with every new certificate, as root:
#
#   certbot      --deploy-hook /usr/share/mta-sts/deploy-certificate.sh
#   dehydrated   HOOK=/usr/share/mta-sts/deploy-certificate.sh
#
# One that names several policy hosts is put there for each (certbot); those of
# other hosts are left alone. No web server is reloaded: nginx reads the files at
# each handshake, lighttpd when it is restarted.
set -euf

directory=/etc/mta-sts/tls
group=www-data

# deploy HOST KEY CHAIN: beside and renamed, since a handshake may come at any
# moment.
deploy() {
	case $1 in
	mta-sts.*) ;;
	*) return 0 ;;
	esac
	mkdir -p "$directory/$1"
	cp "$2" "$directory/$1/.privkey.pem"
	cp "$3" "$directory/$1/.fullchain.pem"
	for file in .privkey.pem .fullchain.pem; do
		chmod 0640 "$directory/$1/$file"
		chgrp "$group" "$directory/$1/$file"
	done
	# Made by hand, with a strict umask, a directory lets nobody pass.
	chgrp "$group" "$directory" "$directory/$1"
	chmod g+rx "$directory" "$directory/$1"
	mv -f "$directory/$1/.privkey.pem" "$directory/$1/privkey.pem"
	mv -f "$directory/$1/.fullchain.pem" "$directory/$1/fullchain.pem"
}

umask 027
if [ -n "${RENEWED_LINEAGE:-}" ]; then # certbot
	# The directory may be called otherwise: mta-sts.example.com-0001.
	for host in ${RENEWED_DOMAINS:-${RENEWED_LINEAGE##*/}}; do
		deploy "$host" "$RENEWED_LINEAGE/privkey.pem" \
		    "$RENEWED_LINEAGE/fullchain.pem"
	done
elif [ "${1:-}" = deploy_cert ]; then # dehydrated
	deploy "$2" "$3" "$5"
fi
