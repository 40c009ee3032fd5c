// What the page calls: it sets the map up, fills its layers, lights, opens and filters sites.
(function (cg) {
  "use strict";

  // A4 landscape within its margins, in pixels of CSS.
  var SHEET = [1060, 720];

  cg.setup = function (map, id, failed) {
    var state = map.clustergeo = { groups: [], waiting: [], many: [], halos: [], owned: {}, lit: -1, litTable: 0, stop: 0, ready: false };
    state.own = function (table, row, group, layer) {
      var key = table + "/" + row;
      (state.owned[key] = state.owned[key] || []).push({ group: group, layer: layer });
    };
    state.hidden = function (table, row) { return table === 0 && state.shown.length > 0 && !state.shown[row]; };
    cg.read(document.getElementById(id).textContent, function (data, blobs) { begin(map, data, blobs); }, function (reason) {
      cg.instead(failed.replace("{}", reason));
    });
  };

  cg.layer = function (map, at) {
    var state = map.clustergeo, group = L.layerGroup();
    state.groups[at] = group;
    if (state.ready) { fill(map, at); } else { state.waiting.push(at); }
    return group;
  };

  function begin(map, data, blobs) {
    var state = map.clustergeo, container = map.getContainer();
    state.data = data;
    state.blobs = blobs;
    data.panes.forEach(function (name, at) { map.createPane(name).style.zIndex = 300 + 20 * at; });
    map.getPane("cgLabels").style.zIndex = 620;
    // Shaded areas would cover the names of the provinces.
    if (data.layers.some(function (spec) { return spec.filled; })) { map.getPane("cgRegions").style.zIndex = 610; }
    ["cgGround", "cgRegions", "cgCentres"].forEach(function (name) { map.getPane(name).style.pointerEvents = "none"; });
    container.setAttribute("role", "region");
    container.setAttribute("aria-label", cg.say(data, "map") + ": " + data.title);
    L.control.scale({ imperial: false, position: "bottomright", maxWidth: 140 }).addTo(map);
    map.attributionControl.setPrefix('<a href="https://leafletjs.com" target="_blank" rel="noopener">Leaflet</a>');
    data.notices.forEach(function (text) {
      // The control takes HTML; this is text, and one that runs from right to left turns nothing but itself.
      map.attributionControl.addAttribution("<bdi>" + cg.element("i", "", text).innerHTML + "</bdi>");
    });
    var table = data.tables[0];
    state.shown = new Uint8Array(table ? table.n : 0).fill(1);
    state.names = data.tables.map(function (one) {
      return one.names.map(function (name, row) {
        return cg.plain([name, one.other && one.other[row] || "", cg.placed(one, row), cg.termed(one, row)].join(" "));
      });
    });
    cg.panel(map);
    fit(map);
    cards(map);
    paper(map);
    state.ready = true;
    state.waiting.forEach(function (at) { fill(map, at); });
    if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", function () { settle(map); }); }
    else { settle(map); }
  }

  // The list of layers, also of those that a caller added, belongs to the legend.
  function settle(map) {
    var place = map.clustergeo.panel.querySelector(".cg-layers");
    [].forEach.call(map.getContainer().querySelectorAll(".leaflet-control-layers"), function (one) { place.append(one); });
    place.hidden = !place.querySelector(".leaflet-control-layers");
    [["in", "zoom_in"], ["out", "zoom_out"]].forEach(function (pair) {
      var button = map.getContainer().querySelector(".leaflet-control-zoom-" + pair[0]), name = cg.say(map.clustergeo.data, pair[1]);
      if (button) { button.title = name; button.setAttribute("aria-label", name); }
    });
    map.getContainer().parentNode.classList.add("cg-ready");
  }

  function fill(map, at) {
    var state = map.clustergeo, spec = state.data.layers[at], group = state.groups[at];
    if (spec.kind === "names") {
      // The names lie above the dots and so are filled after them.
      var places = [];
      for (var row = 0; row < state.dots.count; row++) { places.push(cg.latlngs(state.dots, row)[0][0]); }
      cg.names(map, group, spec, places);
      return;
    }
    var held = cg.shapes(state.blobs[spec.blob], spec.quantum);
    if (held.count > cg.MANY && spec.table !== undefined) { cg.many(map, group, spec, held); }
    else if (spec.kind === "dots") { cg.dots(map, group, spec, held); }
    else { cg.few(map, group, spec, held); }
    if (spec.kind === "dots") {
      state.dots = held;
      if (held.count && !state.data.tables[spec.table].labels) { cg.passing(map, group, spec, held); }
    }
    if (spec.kind === "land") { cg.regions(map, group); }
  }

  function fit(map) {
    var size = map.getSize();
    // A notebook may draw the page before it has given it room.
    if (!size.x || !size.y) { map.once("resize", function () { fit(map); }); return; }
    var wide = size.x >= 720;
    map.fitBounds(wide ? map.clustergeo.data.bounds : map.clustergeo.data.near, {
      paddingTopLeft: [wide ? 308 : 10, 10], paddingBottomRight: [10, wide ? 10 : 90], maxZoom: 13, animate: false
    });
  }

  // A sheet of A4 is no window: the map takes its size while it is printed, and shows what it showed.
  function paper(map) {
    var first = map.getBounds(), before = null;
    window.addEventListener("beforeprint", function () {
      var container = map.getContainer(), untouched = map.getBounds().equals(first), seen = map.getBounds();
      if (before) { return; }
      before = { width: container.style.width, height: container.style.height, centre: map.getCenter(), zoom: map.getZoom() };
      map.closePopup();
      container.style.width = SHEET[0] + "px";
      container.style.height = SHEET[1] + "px";
      map.invalidateSize({ animate: false, pan: false });
      if (untouched) { fit(map); } else { map.fitBounds(seen, { animate: false }); }
    });
    window.addEventListener("afterprint", function () {
      if (!before) { return; }
      map.getContainer().style.width = before.width;
      map.getContainer().style.height = before.height;
      map.invalidateSize({ animate: false, pan: false });
      map.setView(before.centre, before.zoom, { animate: false });
      before = null;
    });
  }

  function cards(map) {
    var state = map.clustergeo, back = null;
    map.on("popupopen", function (event) {
      var close = event.popup.getElement().querySelector(".leaflet-popup-close-button"), card = event.popup.getElement().querySelector(".cg-card");
      if (close) { close.setAttribute("aria-label", cg.say(state.data, "close")); }
      map.getContainer().parentNode.classList.add("cg-reading");
      if (card) {
        back = document.activeElement;
        card.focus({ preventScroll: true });
        // What is unfolded may reach beyond the map. Leaflet puts the card in anew, which loses focus and scroll.
        card.addEventListener("cg-grown", function () {
          var held = document.activeElement, roll = card.querySelector(".cg-roll"), scrolled = roll.scrollTop;
          event.popup.update();
          roll.scrollTop = scrolled;
          if (card.contains(held)) { held.focus({ preventScroll: true }); }
        });
      }
    });
    map.on("popupclose", function () {
      map.getContainer().parentNode.classList.remove("cg-reading");
      if (back && back.focus && document.contains(back)) { back.focus({ preventScroll: true }); }
      back = null;
    });
    document.addEventListener("keydown", function (event) { if (event.key === "Escape") { map.closePopup(); } });
  }

  cg.open = function (map, place, row, at) {
    var state = map.clustergeo, wide = map.getSize().x >= 720, nowhere = row >= state.data.tables[place].placed;
    map.closePopup();
    // The card says all that a tooltip does.
    map.eachLayer(function (layer) { if (layer instanceof L.Tooltip) { map.removeLayer(layer); } });
    L.popup({
      className: nowhere ? "cg-nowhere" : "", minWidth: 200, maxWidth: 420, autoPanPaddingTopLeft: [wide ? 312 : 12, 16], autoPanPaddingBottomRight: [16, wide ? 40 : 70]
    }).setLatLng(at).setContent(cg.card(state.data, state.data.tables[place], row)).openOn(map);
  };

  // Where a row lies: its dot, or the middle of its shape.
  function whereabouts(state, place, row) {
    if (row >= state.data.tables[place].placed) { return null; }
    if (place === 0 && state.dots) { return cg.latlngs(state.dots, row)[0][0]; }
    var held = (state.owned[place + "/" + row] || [])[0];
    if (held && held.layer.getCenter) { return held.layer.getCenter(); }
    if (held && held.layer.getLayers) { return held.layer.getLayers()[0].getLatLng(); }
    var many = state.many.find(function (one) { return one.cg.spec.table === place; });
    return many ? many.spot(row) : null;
  }

  // From the list or the search to the map: the site comes into view and its card opens.
  cg.visit = function (map, place, row) {
    var state = map.clustergeo;
    // Who asks for a site is shown it, whatever the filters or the layers left out.
    if (state.hidden(place, row) && state.unfilter) { state.unfilter(); }
    state.data.layers.forEach(function (spec, one) {
      if ((spec.kind === "dots" || place > 0) && spec.table === place && !map.hasLayer(state.groups[one])) { map.addLayer(state.groups[one]); }
    });
    if (map.getSize().x < 720) { state.panel.cgShow(false); }
    var at = whereabouts(state, place, row);
    // What has no position has a card all the same; it points at nothing.
    if (!at) { cg.open(map, place, row, map.getCenter()); return; }
    if (!map.getBounds().pad(-0.1).contains(at)) { map.setView(at, Math.max(map.getZoom(), state.many.length ? 12 : 9), { animate: false }); }
    else if (state.many.length && map.getZoom() < 12) { map.setView(at, 12, { animate: false }); }
    cg.open(map, place, row, at);
  };

  // A site lit on the map is lit in the list, and the other way round.
  cg.light = function (map, place, row, on) {
    var state = map.clustergeo, line = ((state.rows || {})[place] || {})[row];
    state.lit = on ? row : -1;
    state.litTable = place;
    (state.owned[place + "/" + row] || []).forEach(function (held) {
      var layer = held.layer;
      if (layer.cgBox) { layer.cgBox.classList.toggle("cg-lit", on); layer.setZIndexOffset(on ? 1000 : 0); return; }
      if (!layer.setStyle || layer.options.interactive === false) { return; }
      if (layer.cgWeight === undefined) { layer.cgWeight = layer.options.weight; layer.cgRadius = layer.options.radius; }
      layer.setStyle({ weight: layer.cgWeight + (on ? 1.5 : 0) });
      if (layer.setRadius && layer.cgRadius) { layer.setRadius(layer.cgRadius * (on ? 1.3 : 1)); }
    });
    if (state.many.length) { cg.halo(map, place, row, on); }
    if (line) {
      line.classList.toggle("cg-lit", on);
      if (on && !line.closest("[hidden]") && !line.matches(":hover")) { line.scrollIntoView({ block: "nearest" }); }
    }
  };

  cg.filtered = function (map) {
    var state = map.clustergeo;
    map.closePopup();
    Object.keys(state.owned).forEach(function (key) {
      var parts = key.split("/");
      if (parts[0] !== "0") { return; }
      state.owned[key].forEach(function (held) {
        var on = state.shown[Number(parts[1])];
        if (on && !held.group.hasLayer(held.layer)) { held.group.addLayer(held.layer); }
        else if (!on && held.group.hasLayer(held.layer)) { held.group.removeLayer(held.layer); }
      });
    });
    state.stop = Math.max(0, state.shown.indexOf(1));
    [].forEach.call(document.querySelectorAll("path.cg-site"), function (path) { path.setAttribute("tabindex", path.cgRow === state.stop ? "0" : "-1"); });
    state.many.forEach(function (one) { one.redraw(); });
    cg.relist();
    map.fire("cg:filtered");
  };
})(clustergeo);
