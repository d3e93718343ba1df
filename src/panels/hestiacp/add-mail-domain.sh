#!/bin/sh
# add-mail-domain.sh USER DOMAIN: HestiaCP has a new mail domain.
"$(dirname "$(readlink -f "$0")")/../hook" created "${2-}"
exit 0
