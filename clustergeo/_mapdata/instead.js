// What the page shows where a part of it is missing. It stands before what needs Leaflet to be there.
(function (cg) {
  "use strict";

  // The picture for pages without scripts, where a script could not be loaded or the data not be read.
  cg.instead = function (why) {
    var held = document.querySelector("noscript.cg-instead"), made = cg.element("div"), told;
    // What the element holds is the page's own markup, whose texts are escaped.
    made.innerHTML = held.textContent;
    told = made.querySelector(".cg-why");
    told.textContent = why;
    told.setAttribute("role", "alert");
    document.body.append(made);
  };

  document.addEventListener("DOMContentLoaded", function () {
    // Without its own style Leaflet draws nothing that can be read; what else a caller links to is no reason to hide the map.
    var style = document.querySelector("link[rel=stylesheet][href$='/leaflet.css']");
    if (!window.L || (style && !style.sheet)) { cg.instead(document.querySelector("noscript.cg-instead").dataset.unloaded); }
  });
})(clustergeo);
