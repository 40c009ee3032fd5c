// The data of the page: read from its element, inflated where it was deflated, and its shapes made coordinates again.
var clustergeo = {};
(function (cg) {
  "use strict";

  function bytes(text) {
    var raw = atob(text), out = new Uint8Array(raw.length);
    for (var at = 0; at < raw.length; at++) { out[at] = raw.charCodeAt(at); }
    return out;
  }

  // Whole numbers of seven bits a byte; a number may be larger than what the shifts of the language hold.
  function reader(data, at) {
    return function () {
      var value = 0, scale = 1, one;
      do { one = data[at++]; value += (one & 127) * scale; scale *= 128; } while (one > 127);
      reader.end = at;
      return value;
    };
  }

  function inflated(data) {
    var stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer().then(function (whole) { return new Uint8Array(whole); });
  }

  function parts(whole) {
    var next = reader(whole, 1), sizes = [], found = [], end;
    for (var left = whole[0] + 1; left; left--) { sizes.push(next()); }
    end = reader.end;
    sizes.forEach(function (size) { found.push(whole.subarray(end, end + size)); end += size; });
    return found;
  }

  // Calls `done` with the data and the bytes, at once where they are in the open.
  cg.read = function (text, done, failed) {
    var found = JSON.parse(text);
    if (!found.deflated) { done(found.head, found.blobs.map(bytes)); return; }
    if (!window.DecompressionStream) { failed("DecompressionStream"); return; }
    inflated(bytes(found.deflated)).then(function (whole) {
      var held = parts(whole);
      done(JSON.parse(new TextDecoder().decode(held[0])), held.slice(1));
    }).catch(function (error) { failed(String(error && error.message || error)); });
  };

  // Kind and pieces of each shape; `xy` holds longitude and latitude by turns.
  cg.shapes = function (data, quantum) {
    var next = reader(data, 0), count = next(), pieces = next(), at, total = 0;
    var kinds = new Uint8Array(count), first = new Uint32Array(count + 1), start = new Uint32Array(pieces + 1);
    for (at = 0; at < count; at++) { kinds[at] = next(); }
    for (at = 0; at < count; at++) { first[at + 1] = first[at] + next(); }
    for (at = 0; at < pieces; at++) { start[at] = total; total += next(); }
    start[pieces] = total;
    var xy = new Float64Array(2 * total), x = 0, y = 0, inverse = Math.round(1 / quantum);
    function step() { var raw = next(); return raw % 2 ? -(raw + 1) / 2 : raw / 2; }
    for (at = 0; at < total; at++) {
      x += step();
      y += step();
      // Divided, not multiplied: 127.1 is then the very number that the map was given.
      xy[2 * at] = x / inverse;
      xy[2 * at + 1] = y / inverse;
    }
    return { count: count, kinds: kinds, first: first, start: start, xy: xy };
  };

  cg.latlngs = function (shapes, row) {
    var found = [];
    for (var piece = shapes.first[row]; piece < shapes.first[row + 1]; piece++) {
      var line = [];
      for (var at = shapes.start[piece]; at < shapes.start[piece + 1]; at++) { line.push([shapes.xy[2 * at + 1], shapes.xy[2 * at]]); }
      found.push(line);
    }
    return found;
  };
})(clustergeo);
