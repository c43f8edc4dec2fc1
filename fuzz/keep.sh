#!/bin/sh
# Fills corpus/TARGET from a directory of inputs: the hand-made ones, and those of the others that
# add the most coverage.
#     sh keep.sh TARGET DIR
set -eu
cd "$(dirname "$0")"
target=$1 inputs=$2 most=90
all=$(mktemp -d) best=$(mktemp -d)
cp -r "$inputs/." "$all"
cargo fuzz cmin "$target" "$all" --sanitizer none -- -use_counters=0
cargo fuzz run "$target" "$best" "$all" --sanitizer none -- -set_cover_merge=1 -use_counters=0
mkdir -p "corpus/$target"
find "corpus/$target" -type f ! -name 'fault-*' -delete
# libFuzzer writes the best inputs first.
ls -tr "$best" | head -n "$most" | while read -r input; do cp "$best/$input" "corpus/$target"; done
for input in "$inputs"/hand-*; do
    if [ -f "$input" ]; then cp "$input" "corpus/$target"; fi
done
rm -rf "$all" "$best"
