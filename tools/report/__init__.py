"""Pictures and pages of runs: what `qstage-vmc report` and tools/plot_run.py share. README.md says which file does what."""
