"""The command line as `python -m clustergeo`, where its script is not on the path."""

from clustergeo.cli import main

if __name__ == "__main__":
    main()
