#!/usr/bin/env bash
# The step of action.yml that audits. Inputs come as variables, so that no text of theirs is part of a script.
set -euo pipefail

[ -z "$DSN" ] || export DATABASE_URL="$DSN"
words=(run --format auto --out "$OUT")
while IFS= read -r suite; do
  [ -z "$suite" ] || words+=(--suite "$suite")
done <<< "$SUITE"
while IFS= read -r arg; do
  [ -z "$arg" ] || words+=("$arg")
done <<< "$ARGS"

code=0
order-audit "${words[@]}" || code=$?
{
  echo "out=$OUT"
  echo "exit-code=$code"
  # a run that could not judge anything has written none, and the next step would fail for it
  if [ -e "$OUT/findings.sarif" ]; then echo "sarif=$OUT/findings.sarif"; fi
} >> "$GITHUB_OUTPUT"
exit "$code"
