#!/bin/sh
# DirectAdmin has made a zone for a pointer, its word for an alias. Of which
# domain is not told here, so that the pointer gets a policy of its own.
# shellcheck disable=SC2154
if [ "${caller-}" = create:pointer ]; then
	"$(dirname "$(readlink -f "$0")")/../hook" created "${domain-}"
fi
exit 0
