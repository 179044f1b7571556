# bash completion for kduel and kduel-bench: what the programs themselves say.
_kduel() {
	local -a words=()
	local i word line desc cur=${COMP_WORDS[COMP_CWORD]}

	# bash cuts "--name=value" at the "=": the programs take the parts.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [ "$word" = = ] && [[ ${COMP_WORDS[i - 1]} == --* ]]; then
			[ "$i" -lt "$COMP_CWORD" ] && continue
			word= cur=
		fi
		words+=("$word")
	done
	COMPREPLY=()
	while IFS= read -r line; do
		word=${line%%$'\t'*}
		case $word in
		:files) compopt -o filenames
			while IFS= read -r desc; do COMPREPLY+=("$desc"); done < <(compgen -f -- "$cur") ;;
		:folders) compopt -o filenames
			while IFS= read -r desc; do COMPREPLY+=("$desc"); done < <(compgen -d -- "$cur") ;;
		"$cur"*) COMPREPLY+=("$word") ;;
		esac
	done < <("${COMP_WORDS[0]}" help --complete "${words[@]}" 2>/dev/null)
}
complete -F _kduel kduel kduel-bench
