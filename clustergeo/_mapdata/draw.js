// Layers of few shapes, each an element of its own that can be pointed at and reached with the keyboard.
(function (cg) {
  "use strict";

  // Beyond this many shapes a layer is painted on a canvas.
  cg.MANY = 1000;

  cg.colour = function (table, row) {
    return table.classes ? table.classes.colours[table.classes.codes[row]] : null;
  };

  cg.size = function (table, row) {
    return table.classes ? table.classes.sizes[table.classes.codes[row]] : 1;
  };

  // What the centre of a dot shows: dark for yes, white for an open question, nothing for no.
  cg.centre = function (table, row) {
    var answer = table.centres ? table.centres[row] : 0;
    return !answer ? null : answer > 0 ? { part: 0.32, colour: "#22272b" } : { part: 0.55, colour: "#ffffff" };
  };

  // How a shape of a row is drawn: in the colour of its class where it belongs to a site.
  cg.look = function (spec, table, row) {
    var colour = table && cg.colour(table, row), look = Object.assign({}, spec.look);
    if (colour && spec.filled) { look.fillColor = colour; }
    else if (colour) { look.color = colour; look.fillColor = colour; }
    return look;
  };

  function item(spec, shapes, at, options) {
    var lines = cg.latlngs(shapes, at);
    if (!lines.length) { return null; }
    if (shapes.kinds[at] === 2) { return L.polygon(lines, options); }
    if (shapes.kinds[at] === 1) { return L.polyline(lines, Object.assign({}, options, { fill: false })); }
    return L.featureGroup(lines.map(function (line) {
      return L.circleMarker(line[0], Object.assign({}, options, { radius: 5, fillOpacity: 0.85, dashArray: null }));
    }));
  }

  cg.few = function (map, group, spec, shapes) {
    var state = map.clustergeo, table = spec.table === undefined ? null : state.data.tables[spec.table];
    for (var at = 0; at < shapes.count; at++) {
      var row = spec.owners ? spec.owners[at] : at;
      var silent = !table && !spec.title;
      var made = item(spec, shapes, at, Object.assign(cg.look(spec, table, row), { pane: spec.pane, interactive: !silent }));
      if (!made) { continue; }
      if (table) {
        state.own(spec.table, row, group, made);
        cg.answering(map, made, spec.table, row);
        passed(made);
        // Sites are reached by their dots and by the list; a further layer has neither.
        if (spec.table > 0 && shapes.count <= 100) { pressed(map, made, spec.table, row); }
      }
      else if (spec.title) { made.bindTooltip(cg.element("span", "", spec.title), { sticky: true }); passed(made); }
      group.addLayer(made);
    }
  };

  // A shape that listens for the focus of its tooltip is a stop of the keyboard, unless it is told not to be.
  function passed(layer) {
    if (layer.eachLayer) { layer.eachLayer(passed); return; }
    layer.on("add", function () { layer.getElement().setAttribute("tabindex", "-1"); });
  }

  // Pointing at a shape lights its site, a click opens its card.
  cg.answering = function (map, layer, place, row) {
    var state = map.clustergeo, table = state.data.tables[place];
    layer.bindTooltip(function () { return cg.tip(state.data, table, row); }, { sticky: true, className: "cg-tooltip" });
    layer.on("mouseover", function () { cg.light(map, place, row, true); });
    layer.on("mouseout", function () { cg.light(map, place, row, false); });
    layer.on("click", function (event) {
      L.DomEvent.stopPropagation(event);
      cg.open(map, place, row, layer.getLatLng ? layer.getLatLng() : event.latlng);
    });
  };

  cg.dots = function (map, group, spec, shapes) {
    var state = map.clustergeo, table = state.data.tables[spec.table], scale = shapes.count <= 100 ? 1 : shapes.count <= 500 ? 0.7 : 0.5;
    for (var row = 0; row < shapes.count; row++) { dot(map, state, group, spec, table, row, cg.latlngs(shapes, row)[0][0], scale); }
  };

  function dot(map, state, group, spec, table, row, at, scale) {
    // The ring tells how the zone answer is founded, the fill the class, the centre the answer.
    var way = cg.way(table, row) || { weight: 1.5, dashes: "" }, radius = 6.5 * scale * cg.size(table, row);
    var ring = L.circleMarker(at, {
      pane: spec.pane, radius: radius, color: "#22272b", weight: way.weight * Math.max(scale, 0.6), dashArray: way.dashes || null,
      fillColor: cg.colour(table, row), fillOpacity: 1, className: "cg-site"
    });
    state.own(spec.table, row, group, ring);
    cg.answering(map, ring, spec.table, row);
    cg.reachable(map, ring, spec.table, row);
    group.addLayer(ring);
    var answer = cg.centre(table, row);
    if (answer) {
      var centre = L.circleMarker(at, {
        pane: "cgCentres", radius: radius * answer.part, stroke: false, fill: true, fillOpacity: 1, fillColor: answer.colour, interactive: false
      });
      state.own(spec.table, row, group, centre);
      group.addLayer(centre);
    }
  }

  function pressed(map, layer, place, row) {
    if (layer.eachLayer) { layer.eachLayer(function (one) { pressed(map, one, place, row); }); return; }
    layer.on("add", function () {
      var path = layer.getElement();
      path.setAttribute("role", "button");
      path.setAttribute("tabindex", "0");
      path.setAttribute("aria-label", map.clustergeo.data.tables[place].names[row]);
      path.addEventListener("keydown", function (event) {
        if (event.key !== "Enter" && event.key !== " ") { return; }
        event.preventDefault();
        cg.open(map, place, row, layer.getLatLng ? layer.getLatLng() : layer.getCenter());
      });
    });
  }

  // One dot is a stop of the tab key; the arrows lead from it to the others.
  cg.reachable = function (map, layer, place, row) {
    var state = map.clustergeo, table = state.data.tables[place];
    layer.on("add", function () {
      var path = layer.getElement();
      if (!path) { return; }
      path.setAttribute("role", "button");
      path.setAttribute("aria-label", table.names[row]);
      path.setAttribute("tabindex", row === state.stop ? "0" : "-1");
      path.cgRow = row;
      if (path.cgHeard) { return; }
      path.cgHeard = true;
      path.addEventListener("keydown", function (event) { keyed(map, event, layer, place, row); });
      path.addEventListener("focus", function () { cg.light(map, place, row, true); layer.openTooltip(); });
      path.addEventListener("blur", function () { cg.light(map, place, row, false); layer.closeTooltip(); });
    });
  };

  function keyed(map, event, layer, place, row) {
    var step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      cg.open(map, place, row, layer.getLatLng());
    } else if (step) {
      var dots = [].slice.call(document.querySelectorAll("path.cg-site")).sort(function (one, other) { return one.cgRow - other.cgRow; });
      var next = dots[(dots.indexOf(event.currentTarget) + step + dots.length) % dots.length];
      event.currentTarget.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      map.clustergeo.stop = next.cgRow;
      next.focus();
    } else { return; }
    event.preventDefault();
    // The map itself moves with the arrows.
    event.stopPropagation();
  }
})(clustergeo);
