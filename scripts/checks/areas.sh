# shellcheck shell=bash
# The areas of scripts/check: a function each. It prints what is wrong, and ends with 0 for all is well, with
# MISSING for a tool that is not there, with anything else for a failure. Run from the repository's root.

MISSING=77

# need TOOL PACKAGE: ends the area where TOOL is missing.
need() {
  command -v "$1" >/dev/null && return
  echo "$1 is not installed (Debian package $2)"
  exit "$MISSING"
}

cxx_files() {
  git ls-files -- '*.cc' '*.h' | while read -r file; do [[ -f $file ]] && printf '%s\0' "$file"; done
}

check_format() {
  need clang-format-19 clang-format-19
  # Every file stands once in the output, however much of it differs.
  local bad
  bad=$(cxx_files | xargs -0 -r -n 16 -P "$(nproc)" clang-format-19 --dry-run 2>&1 |
    sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: warning: code should be clang-formatted.*/\1/p' | sort -u)
  [[ -z $bad ]] && return
  echo "clang-format-19 -i would change:"
  echo "$bad"
  return 1
}

# The translation units to look at: changed ones, and those beside a changed header.
tidy_files() {
  local known=$1
  if [[ -n ${TIDY_ALL:-} ]]; then
    git ls-files -- '*.cc'
  else
    # Uncommitted and new files count as changed.
    { git diff --name-only --diff-filter=d "$BASE" -- '*.cc' '*.h' &&
      git ls-files --others --exclude-standard -- '*.cc' '*.h'; } | sed 's/\.h$/.cc/' | sort -u
  fi | while read -r file; do
    [[ -f $file ]] && grep -qF "\"$PWD/$file\"" "$known" && echo "$file"
  done
}

# tidy DATABASE [OPTION…]: clang-tidy for the files that stdin names.
tidy() {
  local database=$1
  shift
  xargs -r -n 1 -P "$(nproc)" clang-tidy-19 --quiet -p "$database" "$@" 2>&1 |
    sed -E '/^[0-9]+ (warning|error)s?[a-z ,0-9]*( treated as errors?| generated)\.?$/d; /^Suppressed /d; /^Use -header-filter/d'
  return "${PIPESTATUS[0]}"
}
check_tidy() {
  need clang-tidy-19 clang-tidy-19
  local build=${AMANA_BUILD:-build}
  if [[ ! -f $build/compile_commands.json ]]; then
    echo "$build/compile_commands.json is not there: configure first (cmake --preset release)"
    exit "$MISSING"
  fi
  if [[ -z ${TIDY_ALL:-} ]] && ! git rev-parse -q --verify "$BASE^{commit}" >/dev/null; then
    echo "there is no revision $BASE to compare with: --base REVISION or --tidy-all"
    return 1
  fi
  local database files status
  database=$(scripts/checks/tidy-database "$build") || return
  mapfile -t files < <(tidy_files "$database/compile_commands.json")
  if [[ ${#files[@]} -eq 0 ]]; then
    echo "no changed files"
    return
  fi
  local tests='(_test|/test_[a-z0-9_]+)\.cc$'
  # Without the analyser: it takes minutes for what googletest's macros expand to, and finds nothing in it.
  tidy "$database" --checks='-clang-analyzer-*' <<<"$(printf '%s\n' "${files[@]}" | grep -E "$tests")"
  status=$?
  tidy "$database" <<<"$(printf '%s\n' "${files[@]}" | grep -vE "$tests")" || status=1
  echo "${#files[@]} files"
  return "$status"
}

check_includes() {
  need python3 python3
  scripts/checks/include-rules
}

check_protos() {
  need python3 python3
  need protoc protobuf-compiler
  local status=0 modules buf
  scripts/checks/proto-rules || status=1
  modules=$(scripts/checks/node-modules scripts/checks/buf) || exit "$MISSING"
  buf=$(echo "$modules"/@bufbuild/buf-*/bin/buf)
  "$buf" lint --config scripts/checks/buf/buf.yaml || status=1
  return "$status"
}

check_shell() {
  need shellcheck shellcheck
  local scripts=()
  mapfile -t scripts < <(git ls-files --cached --others --exclude-standard -- .ci scripts k8s |
    while read -r file; do
      if [[ $file == *.sh ]] || head -n 1 "$file" 2>/dev/null | grep -qE '^#!.*\b(ba)?sh\b'; then echo "$file"; fi
    done)
  # SC2034: what a sourced file sets is used by those who source it.
  shellcheck --severity=warning --exclude=SC2034 --external-sources --source-path=SCRIPTDIR "${scripts[@]}" &&
    echo "${#scripts[@]} scripts"
}

check_errors() {
  local program=${AMANA_BUILD:-build}/bin/amana-errors-doc
  if [[ ! -x $program ]]; then
    echo "$program is not built yet"
    exit "$MISSING"
  fi
  diff -u docs/errors.md <("$program") && return
  echo "docs/errors.md is not what the table says: $program > docs/errors.md"
  return 1
}

check_k8s() {
  need node nodejs
  scripts/checks/node-modules tests/k8s >/dev/null || exit "$MISSING"
  local status=0
  scripts/checks/kubectl version --client >/dev/null || status=$?
  [[ $status -eq 0 ]] || exit "$status"
  node tests/k8s/validate.mjs || status=1
  node_test tests/k8s/policy.test.mjs tests/k8s/renew.test.mjs || status=1
  return "$status"
}

check_alerts() {
  need node nodejs
  need promtool prometheus
  scripts/checks/node-modules tests/k8s >/dev/null || exit "$MISSING"
  local status=0
  (
    cd k8s/monitoring || exit
    quietly promtool check config --syntax-only prometheus.yml &&
      quietly promtool check rules rules.yml &&
      quietly promtool test rules rules_test.yml rules_slow_test.yml
  ) || status=1
  node_test tests/k8s/alerts.test.mjs || status=1
  return "$status"
}

# Prints a command's output only if it fails.
quietly() {
  local output
  output=$("$@" 2>&1) && return
  echo "$output"
  return 1
}

# node:test, saying only which tests failed and why.
node_test() {
  local output
  output=$(node --test --test-reporter=tap "$@" 2>&1) && return
  # From each "not ok" line to the end of its error.
  awk '/^ *not ok/ {show = 14} show > 0 && !/duration_ms|^ *---/ {print; show--}' <<<"$output"
  return 1
}
