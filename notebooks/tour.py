# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The 15 national high-tech complexes
#
# On 2023-03-15 the government announced 15 candidate sites for national high-tech industrial complexes. Where are they, which lie in the
# capital region, what do they make, which lie on restricted development zones (greenbelt), and what does each answer rest on?

# %%
import clustergeo as cg

sites = cg.load_sites()
sites[
    ["site_id", "name_en", "province_en", "municipality_en", "sectors", "area_km2", "area_as_of", "announced_area_km2"]
]

# %% [markdown]
# The figures changed after the announcement, and a later one never overwrites an earlier one. What was known on the day itself:

# %%
announced = cg.load_sites(as_of="2023-03-15")
round(float(announced["area_km2"].sum()), 2), announced["macro_region"].value_counts(sort=False).to_dict()

# %% [markdown]
# `tag` adds where each site lies. No site has an open footprint, so nothing is measured from the drawn circles: the bounds hold wherever
# the site lies within the localities that its address names. They prove the verdict of all 15.

# %%
tagged = cg.tag(sites)
tagged[["site_id", "in_capital_region", "capital_share_low", "capital_share_high", "capital_border_km"]].round(1)

# %%
print(cg.explain(tagged, "cheonan"))

# %% [markdown]
# Restricted zones: a reported figure, present without a figure, and none by inference are kept apart, each with its date.

# %%
tagged[["site_id", "rdz_present", "rdz_share", "rdz_area_m2", "rdz_basis", "rdz_as_of"]]

# %%
cg.table(tagged, by="macro_region", lang="en")

# %%
cg.explore(tagged, lang="en")

# %%
cg.plot(tagged, lang="ko")
