#!/bin/sh
# Stands in for `uv pip install --python <env>/bin/python ... -r FILE`: installs the lines
# NAME==VERSION of the files, one module a distribution, in the way installers do it: the old
# version's files go first, the new ones come one after the other.
set -eu
[ "${1:-}" != --version ] || { echo "uv 0.0.0 (stub)"; exit 0; }
[ "${1:-} ${2:-}" = "pip install" ] || { echo "error: unknown: $*" >&2; exit 2; }
shift 2
files=
while [ $# -gt 0 ]; do
    case $1 in
    --python) python=$2; shift ;;
    -r) files="$files $2"; shift ;;
    esac
    shift
done
site=$(echo "${python%/bin/python}"/lib/python*/site-packages)
for file in $files; do
    while IFS= read -r line; do
        name=${line%%==*}; version=${line#*==}
        [ "$name" != "$line" ] || continue
        [ "$name" != missing ] || { echo "error: no such distribution: missing" >&2; exit 1; }
        [ ! -d "$site/$name-$version.dist-info" ] || continue
        for old in "$site/$name"-*.dist-info; do
            [ ! -d "$old" ] || rm -rf "$old" "${site:?}/$name"
        done
        mkdir "$site/$name" "$site/$name-$version.dist-info"
        echo "VERSION = '$version'" >"$site/$name/__init__.py"
        printf 'Metadata-Version: 2.1\nName: %s\nVersion: %s\n' "$name" "$version" \
            >"$site/$name-$version.dist-info/METADATA"
        printf '%s/__init__.py,,\n%s.dist-info/METADATA,,\n%s.dist-info/RECORD,,\n' \
            "$name" "$name-$version" "$name-$version" >"$site/$name-$version.dist-info/RECORD"
        echo " + $name==$version"
    done <"$file"
done
