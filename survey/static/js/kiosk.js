/* A kiosk: the page clears itself when nobody touches it, and keeps nothing. It runs before the
   resident's script, which then finds no storage, and it watches what that script sends. Leaving
   a page asks for the next one first, so that a dead network never ends at an error page. */
(function () {
'use strict';
var load = window.fetch;
var last = Date.now();
// Whether this page is being left, and since when an answer waits to be sent.
var over = false;
var unsent = false;

// What a resident types must not stay on a tablet that the next one holds.
try {
Object.defineProperty(window, 'localStorage', { get: function () { throw new Error('kiosk'); } });
Object.defineProperty(window, 'sessionStorage', { get: function () { throw new Error('kiosk'); } });
} catch (error) {}

function part(name) {
return document.getElementById(name) || { hidden: true };
}
function cover(name) {
part('still').hidden = name !== 'still';
part('unsent').hidden = name !== 'unsent';
part('blank').hidden = name !== 'blank';
}
function clear() {
var form = document.getElementById('form');
if (form) form.reset();
}
function visit(address) {
over = true;
clear();
cover('blank');
load(address, { cache: 'no-store' }).then(function () {
location.replace(address);
}, function () {
var words = document.querySelector('#blank p');
words.textContent = words.dataset.late;
setTimeout(function () { visit(address); }, 3000);
});
}

// An answer that waits for the network is covered, and not cleared until it is sent.
window.fetch = function (address, options) {
if (!options || options.method !== 'POST') return load.apply(window, arguments);
if (over) return new Promise(function () {});
unsent = true;
var patience = setTimeout(function () { cover('unsent'); }, 8000);
return load.call(window, address, options).then(function (response) {
clearTimeout(patience);
if (response.status === 429 || response.status >= 500) cover('unsent');
else unsent = false;
return response;
}, function (error) {
clearTimeout(patience);
cover('unsent');
throw error;
});
};

function begin() {
var page = document.body;
var home = page.dataset.start;
var idle = +page.dataset.idle;
var shown = +page.dataset.shown;
var warning = Math.min(20, idle / 3);
var count = document.querySelector('.count');

function touched(event) {
last = Date.now();
// The question goes with the click and not with the touch before it: the finger that comes off
// the glass would else choose an answer beneath.
if (event.type === 'click' && !part('still').hidden) cover();
}
function tick() {
if (over || unsent) return;
var left = Math.ceil((shown || idle) - (Date.now() - last) / 1000);
if (left <= 0) visit(home);
else if (shown) count.textContent = left;
else if (left <= warning) {
if (part('still').hidden) {
cover('still');
document.querySelector('#still button').focus();
}
count.textContent = left;
}
}
['pointerdown', 'touchstart', 'keydown', 'input', 'scroll', 'wheel', 'click'].forEach(function (name) {
if (idle) addEventListener(name, touched, true);
});
if (idle || shown) setInterval(tick, 250);
document.addEventListener('click', function (event) {
var link = event.target.closest('[data-visit]');
if (!link) return;
event.preventDefault();
if (!over) visit(link.href);
});
var stop = document.querySelector('#unsent button');
if (stop) stop.onclick = function () { visit(home); };
// A page that comes out of the browser's memory, by the back button, belongs to somebody else.
addEventListener('pageshow', function (event) {
if (event.persisted) visit(home);
else clear();
});
}
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
else begin();
})();
