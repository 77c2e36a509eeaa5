/* One group of questions a step, where the installation wants that (JIEPING_SURVEY_LAYOUT).
   Only shows and hides: the form is one form, the browser's history has one entry, and the Back
   button of the phone leaves the page as it would anywhere. A form that came back with mistakes
   stays one page, so that its summary can lead to each. Follows resident.js. */
addEventListener('DOMContentLoaded', function () {
var form = document.getElementById('form');
if (!form) return;
form.className = 'ready';
var groups = form.querySelectorAll('section');
var buttons = form.querySelectorAll('.move button');
var at = 0;
// The heading takes the focus, so that a screen reader goes on where the eye does.
function show(step) {
for (var i = 0; i < groups.length; i++) groups[i].hidden = i !== step;
var last = step === groups.length - 1;
buttons[0].hidden = !step;
buttons[1].hidden = last;
form.querySelector('.send').hidden = !last;
var heading = groups[step].querySelector('h2,.legend');
heading.tabIndex = -1;
if (at !== step) heading.focus();
at = step;
}
buttons[0].onclick = function () {
show(at - 1);
};
buttons[1].onclick = function () {
// Something is open here: the form's own check names it, and sends nothing.
var needed = groups[at].querySelectorAll('.need').length;
if (groups[at].querySelectorAll('.need>.rows>label>:checked').length < needed) document.getElementById('go').click();
else show(at + 1);
};
if (document.getElementById('errors')) buttons[0].parentNode.hidden = true;
else show(0);
});
