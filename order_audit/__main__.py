"""Run the command line: `python -m order_audit`."""

from order_audit.audit.cli.app import main

if __name__ == "__main__":
    main()
