#!/bin/sh
# delete-mail-domain.sh USER DOMAIN: HestiaCP has a mail domain no more.
"$(dirname "$(readlink -f "$0")")/../hook" gone "${2-}"
exit 0
