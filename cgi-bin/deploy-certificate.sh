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
# Certificates of other hosts are left alone. No web server is reloaded: nginx
# reads the files at each handshake, lighttpd when it is restarted.
set -eu

directory=/etc/mta-sts/tls
group=www-data

if [ -n "${RENEWED_LINEAGE:-}" ]; then # certbot
	host=${RENEWED_LINEAGE##*/}
	key=$RENEWED_LINEAGE/privkey.pem
	chain=$RENEWED_LINEAGE/fullchain.pem
elif [ "${1:-}" = deploy_cert ]; then # dehydrated
	host=$2
	key=$3
	chain=$5
else
	exit 0
fi

case $host in
mta-sts.*) ;;
*) exit 0 ;;
esac

# Beside and renamed, since a handshake may come at any moment.
umask 027
mkdir -p "$directory/$host"
cp "$key" "$directory/$host/.privkey.pem"
cp "$chain" "$directory/$host/.fullchain.pem"
chmod 0640 "$directory/$host"/.*.pem
chgrp "$group" "$directory" "$directory/$host" "$directory/$host"/.*.pem
mv -f "$directory/$host/.privkey.pem" "$directory/$host/privkey.pem"
mv -f "$directory/$host/.fullchain.pem" "$directory/$host/fullchain.pem"
