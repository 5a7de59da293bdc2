"""`python -m jobs` is `spywire`."""

from jobs.start import main

if __name__ == "__main__":
    main()
