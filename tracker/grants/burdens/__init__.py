"""年度別の負担額: what each municipality bore by agreed cases, year by year."""
