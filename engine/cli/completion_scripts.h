// The part of each completion script that does not depend on the tables. All three follow one plan: join KEY = VALUE if the shell has split it;
// the words before the cursor tell the command and whether an option waits for its value; else an operand or an option is meant.
// Keys of --set are completed one dotted part at a time; '#' in the table matches any position in a list, of which the first ten are offered.
#pragma once

namespace qs {

inline constexpr const char* bash_head = R"sh(# Completion of qstage-vmc for bash. To use it now:  source <(qstage-vmc completion bash)
# for ever:  qstage-vmc completion bash > ~/.local/share/bash-completion/completions/qstage-vmc

)sh";

inline constexpr const char* bash_script = R"sh(# What may follow in KEY=VALUE: one more part of the key, or the value.
_qstage_vmc_setting() {
  local current=$1 base key rest part i words=
  if [[ $current == *=* ]]; then
    key=${current%%=*}
    while [[ $key =~ ^(.*\.)[0-9]+(\..*)$ ]]; do key=${BASH_REMATCH[1]}#${BASH_REMATCH[2]}; done
    for part in $(_qstage_vmc_words "setting $key"); do words+=" ${current%%=*}=$part"; done
  else
    base=
    [[ $current == *.* ]] && base=${current%.*}.
    key=$base
    while [[ $key =~ ^(.*\.)[0-9]+(\..*)$ ]]; do key=${BASH_REMATCH[1]}#${BASH_REMATCH[2]}; done
    for rest in $(_qstage_vmc_words settings); do
      [[ $rest == "$key"* ]] || continue
      rest=${rest#"$key"}
      part=${rest%%.*}
      if [[ $part == '#' ]]; then for i in {0..9}; do words+=" $base$i."; done
      elif [[ $rest == *.* ]]; then words+=" $base$part."
      else words+=" $base$part="
      fi
    done
  fi
  compgen -W "$words" -- "$current" | sort -u
}

# How readline treats the words; refused outside a completion.
_qstage_vmc_style() { compopt -o "$1" 2> /dev/null; }

_qstage_vmc() {
  local piece glue= word current command= previous= words plain offer operands=0 i
  local -a line=()
  for piece in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ ( $piece == = || -n $glue ) && ${#line[@]} -gt 0 ]]; then line[${#line[@]} - 1]+=$piece; else line+=("$piece"); fi
    glue=
    [[ $piece == = ]] && glue=yes
  done
  current=${line[${#line[@]} - 1]}
  for ((i = 0; i < ${#line[@]} - 1; ++i)); do
    word=${line[i]}
    if [[ -n $previous ]]; then previous=
    elif [[ $word == -* ]]; then [[ -n $(_qstage_vmc_words "value ${command:-run} $word") ]] && previous=$word
    elif [[ -n $command ]]; then ((++operands))
    elif [[ " $(_qstage_vmc_words commands) " == *" $word "* ]]; then command=$word
    else command=run operands=1
    fi
  done
  if [[ -n $previous ]]; then offer=$(_qstage_vmc_words "value ${command:-run} $previous")
  elif [[ $current == -* ]]; then offer="$(_qstage_vmc_words "options ${command:-run}") $(_qstage_vmc_words options)"
  elif [[ -n $command ]]; then offer=$(_qstage_vmc_words "operand $command $((operands + 1))")
  else offer="$(_qstage_vmc_words commands) @file"
  fi
  words= plain=
  for word in $offer; do
    case $word in
      @file) words+=$'\n'$(compgen -f -- "$current") && _qstage_vmc_style filenames ;;
      @directory) words+=$'\n'$(compgen -d -- "$current") && _qstage_vmc_style filenames ;;
      @setting) words+=$'\n'$(_qstage_vmc_setting "$current"); [[ $current == *=* ]] || _qstage_vmc_style nospace ;;
      @any) ;;
      *) plain+=" $word" ;;
    esac
  done
  words+=$'\n'$(compgen -W "$plain" -- "$current")
  COMPREPLY=()
  while IFS= read -r word; do
    # bash replaces only what stands after its last word break.
    [[ $current == *=* && $COMP_WORDBREAKS == *=* ]] && word=${word#*=}
    [[ -n $word ]] && COMPREPLY+=("$word")
  done <<< "$words"
}

complete -F _qstage_vmc qstage-vmc
)sh";

inline constexpr const char* zsh_head = R"sh(#compdef qstage-vmc
# Completion of qstage-vmc for zsh. To use it now (after compinit):  source <(qstage-vmc completion zsh)
# for ever:  qstage-vmc completion zsh > a folder of $fpath, as _qstage-vmc

)sh";

inline constexpr const char* zsh_script = R"sh(# Adds what may follow in KEY=VALUE: one more part of the key, or the value.
_qstage_vmc_setting() {
  emulate -L zsh
  local current=$1 base key rest part i
  local -aU found
  if [[ $current == *=* ]]; then
    key=${current%%=*}
    key=${key//.<->./.#.}
    for part in ${=$(_qstage_vmc_words "setting $key")}; do found+=("${current%%=*}=$part"); done
    compadd -- $found
    return
  fi
  [[ $current == *.* ]] && base=${current%.*}.
  key=${base//.<->./.#.}
  for rest in ${=$(_qstage_vmc_words settings)}; do
    [[ $rest == $key* ]] || continue
    rest=${rest:${#key}}
    part=${rest%%.*}
    if [[ $part == '#' ]]; then for i in {0..9}; do found+=("$base$i."); done
    elif [[ $rest == *.* ]]; then found+=("$base$part.")
    else found+=("$base$part=")
    fi
  done
  compadd -S '' -- $found
}

_qstage_vmc() {
  emulate -L zsh
  local word command previous i operands=0
  local -a offer
  for ((i = 2; i < CURRENT; ++i)); do
    word=$words[i]
    if [[ -n $previous ]]; then previous=
    elif [[ $word == -* ]]; then [[ -n $(_qstage_vmc_words "value ${command:-run} $word") ]] && previous=$word
    elif [[ -n $command ]]; then ((++operands))
    elif [[ " $(_qstage_vmc_words commands) " == *" $word "* ]]; then command=$word
    else command=run operands=1
    fi
  done
  if [[ -n $previous ]]; then offer=(${=$(_qstage_vmc_words "value ${command:-run} $previous")})
  elif [[ $words[CURRENT] == -* ]]; then offer=(${=$(_qstage_vmc_words "options ${command:-run}")} ${=$(_qstage_vmc_words options)})
  elif [[ -n $command ]]; then offer=(${=$(_qstage_vmc_words "operand $command $((operands + 1))")})
  else offer=(${=$(_qstage_vmc_words commands)} @file)
  fi
  for word in $offer; do
    case $word in
      @file) _files ;;
      @directory) _files -/ ;;
      @setting) _qstage_vmc_setting "$words[CURRENT]" ;;
      @any) ;;
      *) compadd -- $word ;;
    esac
  done
}

if [[ $funcstack[1] == _qstage* ]]; then _qstage_vmc "$@"; else compdef _qstage_vmc qstage-vmc; fi
)sh";

inline constexpr const char* fish_head = R"sh(# Completion of qstage-vmc for fish. To use it now:  qstage-vmc completion fish | source
# for ever:  qstage-vmc completion fish > ~/.config/fish/completions/qstage-vmc.fish

)sh";

inline constexpr const char* fish_script = R"sh(# What may follow in KEY=VALUE: one more part of the key, or the value.
function __qstage_vmc_setting
  set -l current $argv[1]
  if string match -q '*=*' -- $current
    set -l written (string split -m 1 '=' -- $current)[1]
    for word in (__qstage_vmc_words 'setting '(string replace -ra '\.[0-9]+\.' '.#.' -- $written))
      echo $written=$word
    end
    return
  end
  set -l base (string match -r '^.*\.' -- $current)
  set -l key (string replace -ra '\.[0-9]+\.' '.#.' -- "$base")
  for rest in (__qstage_vmc_words settings)
    test (string sub -l (string length -- "$key") -- $rest) = "$key"; or continue
    set -l parts (string split '.' -- (string sub -s (math 1 + (string length -- "$key")) -- $rest))
    if test $parts[1] = '#'
      for i in (seq 0 9)
        echo $base$i.
      end
    else if test (count $parts) -gt 1
      echo "$base$parts[1]."
    else
      echo "$base$parts[1]="
    end
  end | sort -u
end

function __qstage_vmc_complete
  set -l line (commandline -opc)
  set -l current (commandline -ct)
  set -l command
  set -l name run
  set -l previous
  set -l operands 0
  for word in $line[2..-1]
    if test -n "$previous"
      set previous
    else if string match -q -- '-*' $word
      set -l values (__qstage_vmc_words "value $name $word")
      test -n "$values"; and set previous $word
    else if test -n "$command"
      set operands (math $operands + 1)
    else if contains -- $word (__qstage_vmc_words commands)
      set command $word
      set name $word
    else
      set command run
      set operands 1
    end
  end
  set -l offer
  if test -n "$previous"
    set offer (__qstage_vmc_words "value $name $previous")
  else if string match -q -- '-*' $current
    set offer (__qstage_vmc_words "options $name") (__qstage_vmc_words options)
  else if test -n "$command"
    set offer (__qstage_vmc_words "operand $command "(math $operands + 1))
  else
    set offer (__qstage_vmc_words commands) @file
  end
  for word in $offer
    switch $word
      case @file
        __fish_complete_path $current
      case @directory
        __fish_complete_directories $current
      case @setting
        __qstage_vmc_setting $current
      case @any
      case '*'
        echo $word
    end
  end
end

complete -c qstage-vmc -f -a '(__qstage_vmc_complete)'
)sh";

}  // namespace qs
