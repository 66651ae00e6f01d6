"""Benches: ours beside a floor in the same run, so that the machine's mood cancels. Each `bench_*.py` here has

    def run() -> list[dict[str, object]]

giving rows of `name`, `ours_us`, `floor_us`, `ratio`, `aim` (a sentence such as "<= 1.3") and `met` (bool, or None
where there is no aim); what else a row holds becomes a note. Floors stand in files of their own, with a check that
they compute the same. `make bench` runs all, `make bench NAME=calendar` one, and writes docs/reference/benchmarks.md.
"""
