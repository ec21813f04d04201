#!/bin/sh
# Does finance work on the Core that is here now? Exit 0: yes. Exit 1: no.
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

echo "finance on Core, phase $VIT_PHASE"
needs contracts/graph.py 'class GraphPlugin'
needs vitruvyan_core/core/ledger.py 'def append('
exit "$failed"
