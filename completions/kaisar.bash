# bash completion for kaisar and kaisar-network; made by completions/generate.py; do not edit
declare -gA _kaisar_words=(
    ['kaisar']='register prove status bench wallet completions --help --version --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar register']='--help --name --claim --plan --yes --skip --binding --pay-gas --confirmations --wait --password-file --password-fd --replace --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar prove']='--help --now --rehearse --verify --out --devices --max-memory --splay --flush --params --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar status']='--help --offline --watch --format --support-bundle --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar bench']='peak-s8 gemm-s8 peak-f32 gemm-f32 peak-f64 gemm-f64 peak-bf16 gemm-bf16 sha256 chacha8 memory-read memory-write memory-copy memory-triad memory-random memory-latency render disk-read disk-write disk-sync network-down network-up network-rtt pcie-h2d pcie-d2h pcie-both --help --list --size --m --n --k --threads --device --variant --duration --samples --require-stable --report --quick --scratch --baseline --save-baseline --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet']='create import show address export sign verify bind balance send claim identify change-password backup backup-check restore --help --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet create']='--help --words --mnemonic-file --replace --path --passphrase-file --password-file --password-fd --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet import']='--help --replace --path --passphrase-file --password-file --password-fd --mnemonic-file --keystore --key-file --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet show']='--help --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet address']='--help --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet export']='--help --format --out --password-file --password-fd --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet sign']='--help --password-file --password-fd --message --message-file --typed-data --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet verify']='--help --signature --address --message --message-file --typed-data --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet bind']='--help --request --node-public-key --inventory-hash --chain-id --registry --valid-days --out --password-file --password-fd --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet balance']='--help --address --rpc --chain-id --registry --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet send']='--help --to --amount --asset --yes --dry-run --rpc --chain-id --registry --confirmations --wait --password-file --password-fd --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet claim']='--help --dry-run --rpc --chain-id --registry --confirmations --wait --password-file --password-fd --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet identify']='--help --yes --dry-run --rpc --chain-id --registry --confirmations --wait --password-file --password-fd --out --document --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet change-password']='--help --password-file --password-fd --new-password-file --new-password-fd --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet backup']='--help --password-file --password-fd --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet backup-check']='--help --password-file --password-fd --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar wallet restore']='--help --password-file --password-fd --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar completions']='bash zsh fish --help --json --quiet --verbose --no-input --color --data-dir --system --config --network --timeout'
    ['kaisar-network']='serve deploy points workers verdicts checkers audit --help --version --json --data-dir --store --chain'
    ['kaisar-network serve']='--help --listen --role --params --points --checkers --committee --planted --profile --public-url --tls-cert --tls-key --rate --account --password-file --confirmations --registry --public-rpc --json --data-dir --store --chain'
    ['kaisar-network deploy']='--help --account --password-file --confirmations --params --pool --wait --json --data-dir --store --chain'
    ['kaisar-network points']='--help --epoch --json --data-dir --store --chain'
    ['kaisar-network workers']='--help --json --data-dir --store --chain'
    ['kaisar-network verdicts']='--help --epoch --node --limit --json --data-dir --store --chain'
    ['kaisar-network checkers']='--help --json --data-dir --store --chain'
    ['kaisar-network audit']='--help --json --data-dir --store --chain'
)

_kaisar() {
    local current=${COMP_WORDS[COMP_CWORD]} place=${COMP_WORDS[0]##*/} word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ -z ${_kaisar_words[$place $word]+set} ]] || place="$place $word"
    done
    COMPREPLY=()
    case ${COMP_WORDS[COMP_CWORD-1]} in
        --asset) COMPREPLY=($(compgen -W "coin reward" -- "$current")); return ;;
        --claim) COMPREPLY=($(compgen -W "cpu memory" -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W "auto always never" -- "$current")); return ;;
        --format) COMPREPLY=($(compgen -W "text json prometheus nagios key keystore" -- "$current")); return ;;
        --pay-gas) COMPREPLY=($(compgen -W "owner portal" -- "$current")); return ;;
        --points) COMPREPLY=($(compgen -W "published linear" -- "$current")); return ;;
        --words) COMPREPLY=($(compgen -W "12 24" -- "$current")); return ;;
        --account|--baseline|--binding|--config|--data-dir|--document|--key-file|--keystore|--message-file|--mnemonic-file|--new-password-file|--out|--passphrase-file|--password-file|--profile|--report|--request|--scratch|--support-bundle|--tls-cert|--tls-key|--typed-data|--verify) COMPREPLY=($(compgen -f -- "$current")); return ;;
        --address|--amount|--chain|--chain-id|--checkers|--committee|--confirmations|--device|--devices|--duration|--epoch|--inventory-hash|--k|--limit|--listen|--m|--max-memory|--message|--n|--name|--network|--new-password-fd|--node|--node-public-key|--params|--password-fd|--path|--planted|--pool|--public-rpc|--public-url|--rate|--registry|--require-stable|--role|--rpc|--samples|--signature|--size|--skip|--splay|--store|--threads|--timeout|--to|--valid-days|--variant|--wait) return ;;
    esac
    COMPREPLY=($(compgen -W "${_kaisar_words[$place]}" -- "$current"))
}

complete -o filenames -F _kaisar kaisar kaisar-network
