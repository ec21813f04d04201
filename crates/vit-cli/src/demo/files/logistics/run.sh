#!/bin/sh
# Does logistics work on the Core that is here now? Exit 0: yes. Exit 1: no.
# A real one would run the vertical's Python; this one reads source, so that sh is enough.
set -u
failed=0

# Says whether a line of Core's FILE begins with TEXT.
needs() {
    while IFS= read -r line; do
        case $line in
        "$2"*)
            echo "ok: $1 has '$2'"
            return
            ;;
        esac
    done <"$VIT_CORE_ROOT/$1"
    echo "FAILED: $1 has no '$2'"
    failed=1
}

# Of the demo, not of a smoke test: while this file lies beside the installation, vit is killed
# here, once, as by a power cut.
plug=${VIT_CORE_ROOT%/*}/pull-the-plug
if [ "$VIT_PHASE" = probe ] && [ -e "$plug" ]; then
    rm -f "$plug"
    echo "the plug is pulled: kill -9"
    kill -9 "$PPID"
    exit 1
fi

echo "logistics on Core, phase $VIT_PHASE"
needs contracts/graph.py 'class GraphPlugin'
needs contracts/parser.py 'class BaseParser'
needs vitruvyan_core/core/router.py 'def route('
exit "$failed"
