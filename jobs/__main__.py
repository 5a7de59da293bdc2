"""`python -m jobs` is `spywire`."""

from jobs.cli import main

if __name__ == "__main__":
    main()
