/* Keys on the pages where themes are decided: each button, link or list that has data-key is
   pressed by that key. A page that waits for the worker (data-again: seconds) is read again.
   Without this script there are Tab and a link. */
(function () {
'use strict';
var waiting = document.querySelector('[data-again]');
if (waiting) setTimeout(function () { location.reload(); }, 1000 * waiting.dataset.again);
document.addEventListener('keydown', function (event) {
var at = event.target;
if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
if (/^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName)) return;
var key = event.key.normalize('NFKC').toLowerCase();
if (!/^[0-9n]$/.test(key)) return;
var found = document.querySelector('[data-key="' + key + '"]');
if (!found) return;
event.preventDefault();
found.click();
if (found.tagName === 'SUMMARY') {
var first = found.parentNode.querySelector('button');
if (first && found.parentNode.open) first.focus();
}
});
}());
