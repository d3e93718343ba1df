#!/bin/sh
# DirectAdmin has created the domain that the environment names.
# shellcheck disable=SC2154
"$(dirname "$(readlink -f "$0")")/../hook" created "${domain-}"
exit 0
