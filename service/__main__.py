"""The `yinju` command, as fast as it can be there."""

import gc

_SELDOM = 200_000  # new objects, instead of 700


def main() -> None:
    """Run the command. Garbage is looked for seldom: what is loaded is none, and to look it through takes as long."""
    gc.set_threshold(_SELDOM)
    from service.doors.cli import main as run

    try:
        run()
    finally:
        gc.freeze()  # else Python looks it through as it ends


if __name__ == "__main__":
    main()
