#!/bin/sh
# DirectAdmin has changed the domain that the environment names, its name perhaps.
# shellcheck disable=SC2154
if [ "${newdomain:-${domain-}}" != "${domain-}" ]; then
	"$(dirname "$(readlink -f "$0")")/../hook" renamed "${domain-}" \
	    "$newdomain"
fi
exit 0
