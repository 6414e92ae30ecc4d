#!/bin/sh
# Starts the Designer with one account from the environment: its users file is not resolved against the environment by
# Nussknacker itself, and a password has no place in a file of this project.
set -eu

: "${NUSSKNACKER_USER:?Set NUSSKNACKER_USER: the account of the Designer.}"
: "${NUSSKNACKER_PASSWORD:?Set NUSSKNACKER_PASSWORD: the password of the account of the Designer.}"
case "$NUSSKNACKER_USER$NUSSKNACKER_PASSWORD" in
  *[\"\\]*)
    echo 'NUSSKNACKER_USER and NUSSKNACKER_PASSWORD must hold neither a double quote nor a backslash.' >&2
    exit 64
    ;;
esac

AUTHENTICATION_USERS_FILE="${AUTHENTICATION_USERS_FILE:-/tmp/gpo-users.conf}"
export AUTHENTICATION_USERS_FILE
umask 077
cat > "$AUTHENTICATION_USERS_FILE" <<USERS
users: [{ identity: "$NUSSKNACKER_USER", password: "$NUSSKNACKER_PASSWORD", roles: ["Admin"] }]
rules: [{ role: "Admin", isAdmin: true }]
USERS

exec "${NUSSKNACKER_ENTRYPOINT:-/opt/nussknacker/bin/nussknacker-entrypoint.sh}" "$@"
