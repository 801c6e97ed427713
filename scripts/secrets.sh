# shellcheck shell=bash
# Secrets that are made once and kept in the data directory, and the tokens signed with them. Needs only coreutils and bash.

# $1: how many letters and digits.
random_text() { head -c 512 /dev/urandom | base64 -w 0 | tr -d '+/=' | cut -c "1-$1"; }

# Exports each secret: from the environment, else as kept in the file $1, else made now and kept there.
load_secrets() {
    local file=$1 name length value
    (umask 077 && touch "$file")
    while read -r name length; do
        value=${!name:-}
        if [[ -z $value ]]; then
            value=$(sed -n "s/^$name=//p" "$file")
        fi
        if [[ -z $value ]]; then
            value=$(random_text "$length")
            say "$name=$value" >>"$file"
        fi
        export "$name=$value"
    done <<'END'
API_JWT_SECRET 48
METRICS_JWT_SECRET 48
SECRET_KEY_BASE 64
DB_ENC_KEY 16
DB_ENC_KEY_GCM 32
END
}

to_hex() { od -An -v -tx1 | tr -d ' \n'; }
# shellcheck disable=SC2001,SC2059 # The format is made of \xHH only.
from_hex() { printf "$(sed 's/../\\x&/g' <<<"$1")"; }
base64url() { base64 -w 0 | tr '+/' '-_' | tr -d '='; }

# HMAC-SHA256 (RFC 2104) of standard input with the key $1, as bytes.
hmac_sha256() {
    local key inner outer i byte
    key=$(printf '%s' "$1" | to_hex)
    if ((${#key} > 128)); then
        key=$(printf '%s' "$1" | sha256sum | cut -d ' ' -f 1)
    fi
    while ((${#key} < 128)); do
        key+=00
    done
    for ((i = 0; i < 128; i += 2)); do
        byte=$((16#${key:i:2}))
        printf -v inner '%s%02x' "${inner:-}" $((byte ^ 0x36))
        printf -v outer '%s%02x' "${outer:-}" $((byte ^ 0x5c))
    done
    from_hex "$outer$({ from_hex "$inner"; cat; } | sha256sum | cut -d ' ' -f 1)" | sha256sum | cut -d ' ' -f 1 \
        | { read -r digest; from_hex "$digest"; }
}

# A JSON Web Token, HS256. $1: secret, $2: claims as JSON.
sign_token() {
    local signed
    signed=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url).$(printf '%s' "$2" | base64url)
    say "$signed.$(printf '%s' "$signed" | hmac_sha256 "$1" | base64url)"
}
