# shellcheck shell=bash
# Tools from PyPI, each in a folder of its own in .local/tools.

# Only scripts that use such a tool need this one.
PYTHON_PACKAGE="python3-venv|python3 -m ensurepip --version"

# Installs a tool, once: install_python_tool NAME VERSION. Its programs are in `python_tools NAME`.
install_python_tool() {
  local requirement=$1==$2 folder=$LOCAL/tools/$1 log=$LOCAL/log/$1.log
  if [[ $(cat "$folder/version" 2>/dev/null) == "$requirement" ]]; then return 0; fi
  say "Installing $requirement from PyPI"
  mkdir -p "$LOCAL/log"
  rm -rf "$folder"
  if ! { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet "$requirement"; } >"$log" 2>&1; then
    show_log_end "$log" "$requirement could not be installed (Python 3.10 or newer with venv)"
    return 1
  fi
  printf '%s' "$requirement" >"$folder/version"
}

# The folder of the programs of a tool.
python_tools() {
  printf '%s/tools/%s/bin' "$LOCAL" "$1"
}
