#!/bin/sh
# DirectAdmin has renamed the domain that the environment names.
# shellcheck disable=SC2154
"$(dirname "$(readlink -f "$0")")/../hook" renamed "${domain-}" "${newdomain-}"
exit 0
