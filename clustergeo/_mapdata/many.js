// Layers of many shapes, painted on one canvas from arrays; the map asks what lies under the pointer.
(function (cg) {
  "use strict";

  // In pixels: what is too small to be outlined, how near the pointer must come, and the radius of a point of a layer.
  var TINY = 2, SNAP = 5, POINT = 3.5;

  function unit(shapes) {
    var xy = new Float64Array(shapes.xy.length), at;
    for (at = 0; at < xy.length; at += 2) {
      var sine = Math.sin(Math.max(Math.min(shapes.xy[at + 1], 85.0511), -85.0511) * Math.PI / 180);
      xy[at] = 256 * (0.5 + shapes.xy[at] / 360);
      xy[at + 1] = 256 * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI));
    }
    return xy;
  }

  function boxes(shapes, xy) {
    var found = new Float64Array(4 * shapes.count);
    for (var row = 0; row < shapes.count; row++) {
      var west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
      for (var at = shapes.start[shapes.first[row]]; at < shapes.start[shapes.first[row + 1]]; at++) {
        west = Math.min(west, xy[2 * at]); east = Math.max(east, xy[2 * at]);
        north = Math.min(north, xy[2 * at + 1]); south = Math.max(south, xy[2 * at + 1]);
      }
      found.set([west, north, east, south], 4 * row);
    }
    return found;
  }

  var Many = L.Path.extend({
    options: { interactive: false },

    initialize: function (state, spec, shapes, options) {
      L.setOptions(this, options);
      this.cg = { state: state, spec: spec, shapes: shapes, xy: unit(shapes), table: state.data.tables[spec.table] };
      this.cg.boxes = boxes(shapes, this.cg.xy);
      this.cg.looks = {};
    },
    _project: function () { this._update(); },
    _update: function () { this._pxBounds = this._renderer && this._renderer._bounds; },
    _empty: function () { return false; },
    redraw: function () { if (this._map) { this._update(); this._renderer._requestRedraw(this); } return this; },

    row: function (at) { return this.cg.spec.owners ? this.cg.spec.owners[at] : at; },

    radius: function () {
      var count = this.cg.shapes.count, base = count <= 5000 ? 3 : count <= 20000 ? 2.2 : 1.6;
      return Math.min(base + Math.max(this._map.getZoom() - 7, 0) * 0.5, 6.5);
    },

    // From the unit square to the pixels that the canvas is drawn in.
    frame: function () {
      var origin = this._map.getPixelOrigin();
      return { scale: Math.pow(2, this._map.getZoom()), x: origin.x, y: origin.y };
    },

    _updatePath: function () {
      if (!this._renderer._drawing || !this._map) { return; }
      var frame = this.frame(), view = this._renderer._bounds, cg_ = this.cg, box = cg_.boxes;
      var west = (view.min.x + frame.x) / frame.scale, east = (view.max.x + frame.x) / frame.scale;
      var north = (view.min.y + frame.y) / frame.scale, south = (view.max.y + frame.y) / frame.scale;
      for (var at = 0; at < cg_.shapes.count; at++) {
        if (box[4 * at] > east || box[4 * at + 2] < west || box[4 * at + 1] > south || box[4 * at + 3] < north) { continue; }
        var row = this.row(at);
        if (cg_.state.hidden(cg_.spec.table, row)) { continue; }
        this.paint(frame, at, row);
      }
    },

    style: function (row) {
      var table = this.cg.table, code = table.classes ? table.classes.codes[row] : 0;
      if (!this.cg.looks[code]) { this.cg.looks[code] = cg.look(this.cg.spec, table, row); }
      return this.cg.looks[code];
    },

    paint: function (frame, at, row) {
      var ctx = this._renderer._ctx, shapes = this.cg.shapes, xy = this.cg.xy, box = this.cg.boxes, look = this.style(row);
      var x = box[4 * at] * frame.scale - frame.x, y = box[4 * at + 1] * frame.scale - frame.y;
      var wide = (box[4 * at + 2] - box[4 * at]) * frame.scale, high = (box[4 * at + 3] - box[4 * at + 1]) * frame.scale;
      if (this.cg.spec.kind === "dots") { this.dot(ctx, x, y, row); return; }
      if (shapes.kinds[at] === 2 && wide < TINY && high < TINY) {
        // Smaller than a pixel or two: its colour is all that can be seen.
        ctx.globalAlpha = 0.6;
        ctx.fillStyle = look.fillColor;
        ctx.fillRect(x, y, 1.5, 1.5);
        ctx.globalAlpha = 1;
        return;
      }
      ctx.beginPath();
      for (var piece = shapes.first[at]; piece < shapes.first[at + 1]; piece++) {
        for (var point = shapes.start[piece]; point < shapes.start[piece + 1]; point++) {
          var px = xy[2 * point] * frame.scale - frame.x, py = xy[2 * point + 1] * frame.scale - frame.y;
          if (shapes.kinds[at] === 0) { ctx.moveTo(px + POINT, py); ctx.arc(px, py, POINT, 0, 2 * Math.PI); }
          else if (point === shapes.start[piece]) { ctx.moveTo(px, py); }
          else { ctx.lineTo(px, py); }
        }
        if (shapes.kinds[at] === 2) { ctx.closePath(); }
      }
      if (shapes.kinds[at] !== 1) {
        ctx.globalAlpha = look.fillOpacity;
        ctx.fillStyle = look.fillColor;
        ctx.fill("evenodd");
      }
      ctx.globalAlpha = look.opacity || 1;
      ctx.setLineDash((look.dashArray || "").split(" ").filter(Boolean).map(Number));
      ctx.lineWidth = Math.min(look.weight, 1 + Math.max(wide, high) / 20);
      ctx.strokeStyle = look.color;
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
    },

    dot: function (ctx, x, y, row) {
      var table = this.cg.table, radius = this.radius() * cg.size(table, row), answer = cg.centre(table, row);
      ctx.beginPath();
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
      ctx.fillStyle = cg.colour(table, row);
      ctx.fill();
      if (radius < 2.5) { return; }
      var way = cg.way(table, row);
      ctx.lineWidth = radius < 4 ? 0.7 : 1;
      ctx.strokeStyle = "#22272b";
      ctx.setLineDash(way && way.dashes && radius > 4 ? [2, 2] : []);
      ctx.stroke();
      ctx.setLineDash([]);
      // From far away a centre is a speck that hides the class.
      if (!answer || this.radius() < 4) { return; }
      ctx.beginPath();
      ctx.arc(x, y, radius * answer.part, 0, 2 * Math.PI);
      ctx.fillStyle = answer.colour;
      ctx.fill();
    },

    // The shapes of a row, as many as a collection was parted into.
    shapesOf: function (row) {
      var owners = this.cg.spec.owners, found = [];
      if (!owners) { return row < this.cg.shapes.count ? [row] : found; }
      for (var at = owners.indexOf(row); at >= 0; at = owners.indexOf(row, at + 1)) { found.push(at); }
      return found;
    },

    // An outline of one row, so that lighting it paints nothing else anew.
    halo: function (row) {
      var spec = this.cg.spec, shapes = this.cg.shapes, look = { pane: "cgCentres", interactive: false, color: "#22272b", weight: 3, fill: false };
      var ring = Object.assign({ radius: (spec.kind === "dots" ? this.radius() : POINT) + 4 }, look), made = L.layerGroup();
      this.shapesOf(row).forEach(function (at) {
        var lines = cg.latlngs(shapes, at);
        if (shapes.kinds[at] === 0) { lines.forEach(function (line) { made.addLayer(L.circleMarker(line[0], ring)); }); }
        else { made.addLayer(shapes.kinds[at] === 1 ? L.polyline(lines, look) : L.polygon(lines, look)); }
      });
      return made;
    },

    // Where a card of a row points: at its first point, the middle of its line, the middle of its area.
    spot: function (row) {
      var at = this.shapesOf(row)[0], lines = at === undefined ? [] : cg.latlngs(this.cg.shapes, at);
      if (!lines.length) { return null; }
      return this.cg.shapes.kinds[at] === 2 ? L.latLngBounds(lines[0]).getCenter() : L.latLng(lines[0][Math.floor(lines[0].length / 2)]);
    },

    // The shape under a point of the map: the nearest point or line within reach, else the last area drawn; -1 for none.
    under: function (latlng) {
      var point = this._map.project(latlng, 0), box = this.cg.boxes, kinds = this.cg.shapes.kinds, found = -1, least = Infinity, area = -1;
      var reach = Math.max(this.cg.spec.kind === "dots" ? this.radius() : POINT, SNAP) / this.frame().scale;
      for (var at = this.cg.shapes.count - 1; at >= 0; at--) {
        var room = kinds[at] === 2 ? 0 : reach;
        if (box[4 * at] - room > point.x || box[4 * at + 2] + room < point.x || box[4 * at + 1] - room > point.y || box[4 * at + 3] + room < point.y) { continue; }
        if (this.cg.state.hidden(this.cg.spec.table, this.row(at))) { continue; }
        if (kinds[at] === 2) {
          if (area < 0 && this.inside(at, point)) { area = at; }
          continue;
        }
        var away = this.away(at, point);
        if (away <= reach && away < least) { least = away; found = at; }
      }
      return found >= 0 ? found : area;
    },

    // How far a point is from points or lines, in the units of the unit square.
    away: function (at, point) {
      var shapes = this.cg.shapes, xy = this.cg.xy, least = Infinity;
      for (var piece = shapes.first[at]; piece < shapes.first[at + 1]; piece++) {
        for (var one = shapes.start[piece]; one < shapes.start[piece + 1]; one++) {
          var x = xy[2 * one], y = xy[2 * one + 1], east = 0, south = 0, part = 0;
          if (shapes.kinds[at] === 1 && one + 1 < shapes.start[piece + 1]) {
            east = xy[2 * one + 2] - x;
            south = xy[2 * one + 3] - y;
            part = Math.min(Math.max(((point.x - x) * east + (point.y - y) * south) / (east * east + south * south || 1), 0), 1);
          }
          least = Math.min(least, Math.hypot(x + part * east - point.x, y + part * south - point.y));
        }
      }
      return least;
    },

    inside: function (at, point) {
      var shapes = this.cg.shapes, xy = this.cg.xy, odd = false;
      for (var piece = shapes.first[at]; piece < shapes.first[at + 1]; piece++) {
        for (var one = shapes.start[piece], other = shapes.start[piece + 1] - 1; one < shapes.start[piece + 1]; other = one++) {
          var x1 = xy[2 * one], y1 = xy[2 * one + 1], x2 = xy[2 * other], y2 = xy[2 * other + 1];
          if ((y1 > point.y) !== (y2 > point.y) && point.x < (x2 - x1) * (point.y - y1) / (y2 - y1) + x1) { odd = !odd; }
        }
      }
      return odd;
    }
  });

  cg.halo = function (map, place, row, on) {
    var state = map.clustergeo;
    state.halos.forEach(function (one) { map.removeLayer(one); });
    state.halos = [];
    if (!on || state.hidden(place, row)) { return; }
    state.many.forEach(function (one) {
      if (one.cg.spec.table === place && map.hasLayer(one)) { state.halos.push(one.halo(row).addTo(map)); }
    });
  };

  function found(map, latlng) {
    var all = map.clustergeo.many;
    for (var place = all.length - 1; place >= 0; place--) {
      if (!map.hasLayer(all[place])) { continue; }
      var at = all[place].under(latlng);
      if (at >= 0) { return { layer: all[place], row: all[place].row(at), table: all[place].cg.spec.table }; }
    }
    return null;
  }

  function listen(map) {
    var state = map.clustergeo, tip = L.tooltip({ className: "cg-tooltip", offset: [12, 0], direction: "right" }), waiting = null, shown = null;
    function show() {
      var hit = found(map, waiting.latlng), key = hit ? hit.table + "/" + hit.row : null;
      if (hit) { tip.setLatLng(waiting.latlng); }
      waiting = null;
      if (key === shown) { return; }
      if (state.lit >= 0) { cg.light(map, state.litTable, state.lit, false); }
      map.getContainer().style.cursor = hit ? "pointer" : "";
      shown = key;
      if (!hit) { map.closeTooltip(tip); return; }
      cg.light(map, hit.table, hit.row, true);
      tip.setContent(cg.tip(state.data, state.data.tables[hit.table], hit.row));
      map.openTooltip(tip);
    }
    map.on("mousemove", function (event) {
      if (!waiting) { window.requestAnimationFrame(show); }
      waiting = event;
    });
    map.on("click", function (event) {
      var hit = found(map, event.latlng);
      if (hit) { cg.open(map, hit.table, hit.row, event.latlng); }
    });
  }

  cg.many = function (map, group, spec, shapes) {
    var state = map.clustergeo;
    if (!state.canvas) {
      state.canvas = L.canvas({ pane: "cgDots", padding: 0.2 });
      listen(map);
    }
    // The canvas lies over everything and must let the pointer through.
    map.getPane("cgDots").style.pointerEvents = "none";
    var made = new Many(state, spec, shapes, { renderer: state.canvas, pane: "cgDots" });
    made.on("add", function () {
      state.canvas._container.style.pointerEvents = "none";
      // A layer that comes back is painted last; the order of the layers is the order of painting.
      state.many.forEach(function (one) { if (map.hasLayer(one)) { one.bringToFront(); } });
    });
    state.many.push(made);
    group.addLayer(made);
  };
})(clustergeo);
