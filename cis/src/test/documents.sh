# Stands before a page's commands. $CIS is the command that runs the checks, $STACK_FILE where a stack's addresses are.
set -euo pipefail

PLACE=start OUT=$(mktemp) FRESH=--fresh
ended() {
  local status=$?
  if ((status)); then cat "$OUT"; echo "--- $PLACE FAILED"; fi
  rm -f "$OUT"
}
trap ended EXIT

at() { PLACE=$1; : >"$OUT"; printf "\n--- %s\n" "$PLACE"; }
not_run() { printf "\n--- %s not run: %s\n" "$1" "$2"; }
fail() { echo "$*"; exit 1; }
look() { grep -qF -- "$1" "$OUT" || fail "its output does not contain: $1"; }

expect() { eval "$2" >"$OUT" 2>&1; look "$1"; cat "$OUT"; }
fails() { if (eval "$2") >"$OUT" 2>&1; then fail "it did not fail"; fi; look "$1"; cat "$OUT"; }
until_said() {
  local deadline=$((SECONDS + 20))
  until eval "$2" >"$OUT" 2>&1 && grep -qF -- "$1" "$OUT"; do
    ((SECONDS < deadline)) || fail "its output did not contain within 20 s: $1"
    sleep 0.2
  done
  cat "$OUT"
}

# What differs from a reader's shell: the command is there already, a stack goes to the background and tells its
# addresses, and a refused request fails.
cargo() {
  if [[ ${1-} != cis ]]; then command cargo "$@"; return; fi
  shift
  case ${1-} in
    up) up "${@:2}" ;;
    test) echo "cargo cis $*: left out, since this is part of it" ;;
    *) "$CIS" "$@" ;;
  esac
}
up() {
  local options=() option
  for option; do
    case $option in
      --fresh) FRESH=--fresh ;;
      --background) ;;
      *) options+=("$option") ;;
    esac
  done
  "$CIS" up --background ${FRESH:+"$FRESH"} "${options[@]}"
  FRESH=
  API=$(address api_url) SANDBOX=$(address sandbox_url)
}
address() { sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p' "$STACK_FILE"; }
curl() { command curl --fail-with-body "$@"; }

