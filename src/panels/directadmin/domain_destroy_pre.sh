#!/bin/sh
# DirectAdmin is about to delete the domain that the environment names.
# shellcheck disable=SC2154
"$(dirname "$(readlink -f "$0")")/../hook" gone "${domain-}"
exit 0
