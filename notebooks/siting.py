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
# # A bio complex outside the capital region: from 250 municipalities to a shortlist of five
#
# Which municipalities outside the capital region lie best to the places that the government has named for bio? This notebook goes from
# candidates to a shortlist on **open, dated and cited facts that ship with the package** and on nothing else. It shows the method. It is
# no advice where to build: what decides that most, power, water, labour and the price of land, is not in it, and the last part says how
# to add it.

# %%
import geopandas as gpd
import pandas as pd

import clustergeo as cg

regions = cg.load_regions("municipality")
candidates = gpd.GeoDataFrame(
    {
        "site_id": regions["municipality_code_kostat"],
        "name_ko": regions["province"] + " " + regions["municipality"],
        "name_en": regions["municipality_en"] + ", " + regions["province_en"],
        "province": regions["province"],
    },
    geometry=regions.geometry,
    crs=regions.crs,
)
candidates.drop(columns="geometry").head(3)

# %% [markdown]
# What is known, with its date and source: the specialised complexes for bio (designated 2024-06-27), the two of the 15 national
# complexes of 2023-03-15 that are for bio, and all the others of the 15. The designation tells the municipalities, not the
# parcels, so distances are measured to the whole municipality. Boundaries are those of 2018.

# %%
designations = cg.load_designations()
bio = designations[
    designations["sectors"].fillna("").str.contains("bio") & (designations["kind"] == "specialised_complex")
]
bio[["name_en", "municipalities_kostat", "designated", "source"]]

# %%
codes = tuple(code for row in bio["municipalities_kostat"].dropna() for code in str(row).split())
bio_places = regions[regions["municipality_code_kostat"].str.startswith(codes)][["municipality_en", "geometry"]]
complexes = cg.load_sites()
# A position is known to a kilometre or so; the drawn circles are no footprints.
spots = gpd.GeoDataFrame(
    {"name_en": complexes["name_en"]}, geometry=complexes.representative_point(), crs=complexes.crs
)
bio_spots = spots[[("bio" in sectors) for sectors in complexes["sectors"]]]
sorted(bio_places["municipality_en"]), sorted(bio_spots["name_en"])

# %% [markdown]
# **Exclusions.** The task says outside the capital region; a municipality with any part in it falls out. Neighbours share their borders,
# and touching is not overlapping. Everyone can ask why.

# %%
capital = cg.Layer(
    cg.load_capital_region(),
    name="capital_area",
    coverage="everywhere",
    as_of="2018",
    source="KOSTAT census boundaries 2018, see cg.catalogue()",
)
exclusions = cg.Exclusions().add("capital_area", capital, max_share=0.001)
applied = exclusions.apply(candidates)
print(f"{applied['kept'].sum()} kept, {(~applied['kept']).sum()} excluded")
print(exclusions.explain(applied, "31191"))
print(exclusions.explain(applied, "31191", lang="ko"))

# %% [markdown]
# **Criteria.** How much each counts, and from where on it counts no more, is a judgement: the next cell is where to change it. Distances, because distances are what
# open facts give: to a specialised complex for bio (near is good: shared firms and institutes), to a national complex for bio, how many
# of the 15 are within 50 km (suppliers of other sectors), and how far from the capital region (balance is what the policy is for).

# %%
km = 1000
kept = applied[applied["kept"].fillna(False)].drop(
    columns=[name for name in applied if name.startswith(("excluded", "eligible", "undecided", "kept"))]
)
criteria = (
    cg.Criteria()
    .distance(
        "bio_specialised", bio_places, value=cg.Value.linear(worst=100 * km, best=0, unit="m"), coverage="everywhere"
    )
    .distance(
        "bio_national",
        bio_spots,
        value=cg.Value.linear(worst=150 * km, best=0, unit="m"),
        coverage="everywhere",
    )
    .count(
        "complexes",
        spots,
        within_m=50 * km,
        value=cg.Value.linear(worst=0, best=3),
        coverage="everywhere",
    )
    .distance(
        "from_capital",
        cg.load_capital_region(),
        value=cg.Value.linear(worst=0, best=200 * km, unit="m"),
        coverage="everywhere",
    )
)
weights = cg.ahp(
    {
        ("bio_specialised", "bio_national"): 2,
        ("bio_specialised", "complexes"): 3,
        ("bio_specialised", "from_capital"): 3,
        ("bio_national", "complexes"): 2,
        ("bio_national", "from_capital"): 2,
        ("complexes", "from_capital"): 1,
    }
)
weights

# %%
ranking = cg.Ranking(criteria, weights=weights)
ranked = ranking.rank(kept).sort_values("rank_best")
ranked[["name_en", "score", "rank", *[f"contribution_{name}" for name in criteria.names]]].head(10).round(3)

# %% [markdown]
# **How sure is that?** The weights are drawn 10,000 times round the given ones. A place at the top that most draws agree on can be
# defended; one that half of them deny cannot.

# %%
stability = ranking.stability(kept, top=5, seed=1)
kept.set_index("site_id")[["name_en"]].join(stability.set_index("site_id")["top_probability"]).sort_values(
    "top_probability", ascending=False
).head(10)

# %%
ranking.swaps(kept).head(5).round(3)

# %% [markdown]
# **Five together.** The five best are neighbours of each other. Those that more than nine draws in ten put among the first five stay;
# of the twenty best, `choose` adds the others that lie nearest to all municipalities outside the capital region, at most two in a
# province, and proves that no other choice is nearer. Every municipality counts the same here: people would be the better weight, and no
# population ships with the package.

# %%
sure = stability.loc[stability["top_probability"] > 0.9, "site_id"].tolist()
twenty = ranked.head(20)
quotas = {"province": {name: (0, 2) for name in twenty["province"].unique()}}
choice = cg.choose(twenty, kept, k=5, fixed=sure, quotas=quotas)
shortlist = twenty[twenty["site_id"].isin(choice.sites.loc[choice.sites["chosen"], "site_id"])]
print(choice)
shortlist[["name_ko", "name_en", "score", "rank"]].round(3)

# %%
shown = ranked.assign(shortlist=ranked["site_id"].isin(shortlist["site_id"]))
cg.explore(
    shown[["site_id", "name_ko", "name_en", "score", "rank", "shortlist", "geometry"]],
    lang="en",
    colour_by="score",
    layers={"Shortlist": shortlist[["name_en", "geometry"]], "Bio specialised complexes": bio_places},
    title="A bio complex outside the capital region: scores",
)

# %%
cg.plot(shown[["site_id", "name_ko", "name_en", "shortlist", "geometry"]], lang="ko", colour_by="shortlist")

# %% [markdown]
# ## What this leaves out, and how to add it
#
# - **Power, water, labour**: no open figure for each municipality ships with the package, so none is used. A table of your own, with its
#   date and source, is one line each: `candidates["water_m3_day"] = ...`, then
#   `.attribute("water", column="water_m3_day", value=cg.Value.linear(worst=0, best=100_000, unit="m3_day"))`. What is missing stays
#   missing: it widens the bounds of the score and is never filled in.
# - **Land**: slopes, farmland, protected areas and the greenbelt take ground. Read them with `cg.read_layer` or `cg.read_vworld` and add
#   each to the exclusions with what it may take. A height or slope raster is `.raster("slope", "slope.tif", value=...)`.
# - **Roads and travel times**: straight lines over the ellipsoid are not travel times. Give times as a column, or as `distances=` of
#   `cg.choose`.
# - **Parcels**: a municipality is no site. `cg.grid` or `cg.assemblies` make candidates within the shortlist, and the same steps follow.
# - **Laws of a place**: distances that a municipality's ordinance sets go in as a cited table, `cg.Ordinances`.
