# bash completion for videur: the program itself says what may follow.

_videur() {
	local rest=${COMP_LINE:0:COMP_POINT} piece word='' apart=yes
	local -a words=()
	local i

	# COMP_WORDS breaks at ':' and '=', of which addresses and options are
	# made: put together again what no blank parts.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		piece=${COMP_WORDS[i]}
		((i < COMP_CWORD)) || piece=${rest#"${rest%%[![:blank:]]*}"}
		if [[ $rest == [[:blank:]]* || $apart == yes ]]; then
			((i == 0)) || words+=("$word")
			word=
			rest=${rest#"${rest%%[![:blank:]]*}"}
		fi
		apart=no
		word+=$piece
		rest=${rest#"$piece"}
	done
	words+=("$word")

	COMPREPLY=()
	while IFS=$'\t' read -r piece _; do
		if [[ $piece == :file ]]; then
			compopt -o default
			continue
		fi
		COMPREPLY+=("$piece")
	done < <("${words[0]}" "${words[@]:1:0}" complete "${words[@]:1}" \
		2>/dev/null)

	# readline replaces only what stands behind the last break.
	if [[ $word == *[:=]* && $COMP_WORDBREAKS == *:* ]]; then
		piece=${word%"${word##*[:=]}"}
		COMPREPLY=("${COMPREPLY[@]#"$piece"}")
	fi
}
complete -F _videur videur
