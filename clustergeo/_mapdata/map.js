// The drawing of a site map. Text of users arrives as text (textContent) or as HTML that Python has escaped.
var clustergeo = (function () {
  "use strict";

  function setup(map, data) {
    map.clustergeo = data;
    data.panes.forEach(function (name, at) {
      map.createPane(name).style.zIndex = 300 + 20 * at;
    });
    map.getPane("cgLabels").style.zIndex = 620;
    map.getPane("cgGround").style.pointerEvents = "none";
    map.getPane("cgRegions").style.pointerEvents = "none";
    L.control.scale({ imperial: false, position: "bottomright", maxWidth: 140 }).addTo(map);
    map.attributionControl.setPrefix('<a href="https://leafletjs.com" target="_blank" rel="noopener">Leaflet</a>');
    data.notices.forEach(function (text) { map.attributionControl.addAttribution(text); });
    var panel = map.getContainer().parentNode.querySelector(".cg-panel");
    if (panel && map.getSize().x < 720) { panel.querySelector("details").removeAttribute("open"); }
    // On a narrow screen an open card needs the room of the panel and of the list of layers.
    map.on("popupopen popupclose", function (event) {
      map.getContainer().parentNode.classList.toggle("cg-open", event.type === "popupopen");
    });
    fit(map);
  }

  function fit(map) {
    var size = map.getSize();
    // A notebook may draw the page before it has given it room.
    if (!size.x || !size.y) { map.once("resize", function () { fit(map); }); return; }
    var left = size.x >= 900 ? 296 : 10;
    map.fitBounds(map.clustergeo.bounds, { paddingTopLeft: [left, 10], paddingBottomRight: [10, 10], maxZoom: 13, animate: false });
  }

  function card(map, layer, site) {
    // A card opens between the panel and the layer control where the window has room for that.
    var wide = map.getSize().x >= 900;
    layer.bindPopup(site.card, {
      minWidth: 200, maxWidth: 420, autoPanPaddingTopLeft: [wide ? 300 : 15, 20], autoPanPaddingBottomRight: [wide ? 260 : 15, 40]
    });
  }

  function shapes(map, collection, options) {
    return L.geoJSON(collection, {
      pane: options.pane,
      interactive: options.interactive,
      style: function (feature) {
        var site = map.clustergeo.sites[feature.properties.site];
        return site ? Object.assign({}, options.style, { color: site.colour, fillColor: site.colour }) : options.style;
      },
      onEachFeature: function (feature, layer) {
        var site = map.clustergeo.sites[feature.properties.site];
        if (site) { card(map, layer, site); layer.bindTooltip(text(site.name), { sticky: true }); }
        else if (options.title) { layer.bindTooltip(text(options.title), { sticky: true }); }
      }
    });
  }

  function text(words) {
    var span = document.createElement("span");
    span.textContent = words;
    return span;
  }

  function dots(map) {
    var count = map.clustergeo.sites.length, size = count <= 100 ? 1 : count <= 500 ? 0.7 : 0.45;
    return L.featureGroup(map.clustergeo.sites.map(function (site) {
      // The ring tells how the zone answer is founded, the fill tells the sector.
      var ring = L.circleMarker(site.at, {
        pane: "cgDots", radius: 6.5 * size, color: "#22272b", weight: site.ring[0] * size, dashArray: site.ring[1] || null,
        fillColor: site.colour, fillOpacity: 1, className: "cg-site"
      });
      card(map, ring, site);
      return ring.bindTooltip(text(site.name));
    }));
  }

  function level(map) {
    var levels = map.clustergeo.levels, zoom = map.getZoom(), at = -1;
    levels.forEach(function (one, index) { if (one <= zoom) { at = index; } });
    return at;
  }

  // Words whose places were worked out for each zoom; below the first one they are hidden.
  function lettered(map, items, pane, build) {
    var group = L.layerGroup(items.map(function (item) {
      var body = build(item);
      var marker = L.marker(item.at, {
        pane: pane, keyboard: !!item.card, interactive: !!item.card, riseOnHover: true,
        icon: L.divIcon({ html: body, className: item.card ? "cg-label" : "cg-region", iconSize: null })
      });
      if (item.card) { card(map, marker, item); }
      marker.cgMove = function (at) {
        var spot = at < 0 ? null : item.spots[at];
        body.style.display = spot ? "" : "none";
        if (spot) { body.cgPut(spot); }
      };
      return marker;
    }));
    function move() {
      var at = level(map);
      group.eachLayer(function (marker) { marker.cgMove(at); });
    }
    map.on("zoomend", move);
    move();
    return group;
  }

  function chip(site) {
    var body = document.createElement("div"), box = document.createElement("div");
    var badge = document.createElement("b"), lines = document.createElement("span");
    var leader = L.SVG.create("svg"), line = L.SVG.create("line");
    leader.setAttribute("aria-hidden", "true");
    leader.appendChild(line);
    box.className = "cg-chip cg-c" + site.classes;
    box.style.maxWidth = site.size[0] + "px";
    box.style.height = site.size[1] + "px";
    if (site.badge) {
      badge.className = "cg-badge cg-" + site.badge[1];
      badge.textContent = site.badge[0];
      box.append(badge);
    }
    site.lines.forEach(function (words) {
      var row = document.createElement("i");
      row.textContent = words;
      lines.appendChild(row);
    });
    if (site.where) {
      var where = document.createElement("i");
      where.className = "cg-where";
      where.textContent = site.where;
      lines.appendChild(where);
    }
    box.append(lines);
    body.append(leader, box);
    body.cgPut = function (spot) {
      // The width was estimated for a wide font: a chip left of its dot keeps its right edge, beside the dot.
      var end = spot[0] + site.size[0], left = end <= 0 ? "calc(" + end + "px - 100%)" : spot[0] + "px";
      box.style.transform = "translate(" + left + "," + spot[1] + "px)";
      line.style.display = spot.length > 2 ? "" : "none";
      if (spot.length > 2) {
        var length = Math.hypot(spot[2], spot[3]) || 1, start = Math.min(8 / length, 1);
        line.setAttribute("x1", spot[2] * start);
        line.setAttribute("y1", spot[3] * start);
        line.setAttribute("x2", spot[2]);
        line.setAttribute("y2", spot[3]);
      }
    };
    return body;
  }

  function region(place) {
    var body = text(place.name);
    body.cgPut = function (spot) { body.style.left = spot[0] + "px"; body.style.top = spot[1] + "px"; };
    return body;
  }

  return {
    setup: setup,
    shapes: shapes,
    dots: dots,
    labels: function (map) {
      return lettered(map, map.clustergeo.sites.filter(function (site) { return site.spots; }), "cgLabels", chip);
    },
    land: function (map, collection, options) {
      return L.layerGroup([shapes(map, collection, options), lettered(map, map.clustergeo.regions, "cgRegions", region)]);
    }
  };
})();
