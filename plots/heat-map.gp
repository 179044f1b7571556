# The heat map: a row a cell, a column an arm, a panel the second level's huge share or a metric's effect.
DATA = ARG2; OUT = ARG3; FORMAT = ARG4
load ARG1

# "x0.104 +": the number, and what the tile shows besides (plot-heat.c).
letter(s) = s[strlen(s):*]
number(s) = s[1:strlen(s) - 2]
is_in(s, list) = strstrt(list, letter(s)) > 0
# Capital letters stand beside the number, if there is one.
beside(s) = !is_in(s, "UNV") ? "" : strlen(number(s)) ? " " . letter(s) : letter(s)
# With at most n letters, if the number itself has no more: what follows it is cut, never the number.
digits(s) = strstrt(s, " ") == 0 ? strlen(s) : strstrt(s, " ") - 1
shortened(s, n) = strlen(s) <= n || digits(s) == strlen(s) ? s : s[1:n - 1 > digits(s) + 1 ? n - 1 : digits(s) + 1] . "…"
shown(s, n) = shortened(number(s), n - strlen(beside(s))) . beside(s)

# Which series is which column of its panel, and how many a panel has.
array COLUMN[512]; array COLUMNS[64]; array BEFORE[64]
do for [p = 1:n_panels] { COLUMNS[p] = 0 }
do for [i = 1:n_series] {
	p = SERIES_PANEL[i] + 1
	COLUMN[i] = COLUMNS[p]
	COLUMNS[p] = COLUMNS[p] + 1
}
# And how long the labels of a panel are, whole and cut as far as can be.
found = ""
array LONGEST[64]; array LEAST[64]
do for [p = 1:n_panels] { LONGEST[p] = 1; LEAST[p] = 1 }
longer(s, n, than) = strlen(shown(s, n)) > than ? strlen(shown(s, n)) : than
do for [i = 1:n_series] {
	p = SERIES_PANEL[i] + 1
	stats DATA index FIRST + i - 1 using (found = found . letter(strcol(5)), \
		LONGEST[p] = longer(strcol(5), 999, LONGEST[p]), LEAST[p] = longer(strcol(5), 0, LEAST[p]), 0) nooutput
}

# From 4K to huge as in page-sizes.gp; effects from a light blue or orange to a dark one.
array SHARES = [0xe6c977, 0xbfb876, 0x95a775, 0x629375, 0x2a7f75]
array BETTER = [0xdcebf7, 0xa5cfeb, 0x57a4d9, 0x0a5c9c]
array WORSE = [0xfce8d6, 0xf5c396, 0xe08a3c, 0xa34700]
DARK_INK = 0x23200f; LIGHT_INK = 0xfdfdfd
factor(v) = exp(abs(log(v)))
step(v) = factor(v) < 1.05 ? 1 : factor(v) < 1.25 ? 2 : factor(v) < 2 ? 3 : 4
tone(s, v) = letter(s) eq "s" ? SHARES[v <= 0 ? 1 : v >= 0.99 ? 5 : 2 + int(2.99 * v)] : \
	letter(s) eq "+" ? BETTER[step(v)] : letter(s) eq "-" ? WORSE[step(v)] : GRID
is_filled(s) = is_in(s, "s+-=")
ink(s, v) = letter(s) eq "s" ? (v >= 0.99 ? LIGHT_INK : DARK_INK) : \
	is_in(s, "+-") ? (step(v) == 4 ? LIGHT_INK : DARK_INK) : INK

# The legend: only what occurs. An entry's first letter says how it is drawn.
top = 94 - up; bottom = 16; edge = 24; from = edge_left(18)
gap = 26
cols = narrow ? 1 : n_panels
all = 0
do for [p = 1:n_panels] { all = all + COLUMNS[p] }
tile(p) = narrow ? (width - left - edge) / (1.0 * COLUMNS[p]) : (width - left - edge - gap * (n_panels - 1)) / (1.0 * all)
if (!narrow && tile(1) > 120) { edge = edge + (tile(1) - 120) * all }
do for [p = 1:n_panels] {
	BEFORE[p] = 0
	do for [q = 1:p - 1] { BEFORE[p] = BEFORE[p] + COLUMNS[q] * tile(q) + gap }
}
# The four tones take the room of five letters.
array KIND[8]
n_legend = 0
do for [k = 1:6] {
	kind = word("a b + - ? =", k)
	if (strstrt(found, k < 3 ? "s" : kind)) {
		n_legend = n_legend + 1
		KIND[n_legend] = kind
		LEGEND[n_legend] = k == 1 ? "all 4K" : k == 2 ? "all huge" : k == 3 ? "     improved" : \
			k == 4 ? "     regressed" : k == 5 ? "inconclusive" : "not worse"
	}
}
k = 100
do for [i = 1:n_legend] {
	x = legend_x(i); y = legend_y(i, 68)
	top = 94 - up + 18 * legend_line(i)
	kind = KIND[i]
	wide = kind eq "+" || kind eq "-"
	do for [n = 1:(wide ? 4 : 1)] {
		k = k + 1
		set object k rectangle center screen px(x + 6 + 11 * (n - 1)), screen y size screen px(11), screen py(12) \
			fs solid noborder fc rgb (kind eq "a" ? SHARES[1] : kind eq "b" ? SHARES[5] : kind eq "+" ? BETTER[n] : kind eq "-" ? WORSE[n] : kind eq "=" ? GRID : 0xffffff)
	}
	if (kind eq "-" || kind eq "?") {
		k = k + 1
		set object k rectangle center screen px(x + (wide ? 22.5 : 6)), screen y size screen px(wide ? 44 : 11), screen py(12) \
			fs empty border lc rgb (wide ? INK : SOFT) lw (wide ? 1.4 : 0.7)
	}
	if (kind eq "?") {
		set arrow 1 from screen px(x + 1), screen y - py(5) to screen px(x + 11), screen y + py(5) nohead lw 1 lc rgb SOFT
	}
	set label 100 + i wide ? LEGEND[i][6:*] : LEGEND[i] at screen px(x + (wide ? 51 : 18)), screen y left tc rgb INK font points(12)
}

# A panel's title and an arm's name are broken where they are too long.
cut(s, n) = strlen(s) > n ? s[1:n - 1] . "." : s
part(s, at) = strstrt(s, at) == 0 ? s : s[1:strstrt(s, at)]
rest(s, at) = strstrt(s, at) == 0 ? "" : s[strstrt(s, at) + 1:*]
fill(line, s, at, n) = strlen(s) == 0 ? cut(line, n) : strlen(line) && strlen(line . part(s, at)) > n ? \
	cut(line, n) . "\n" . fill(part(s, at), rest(s, at), at, n) : \
	fill(line . part(s, at), rest(s, at), at, n)
lines(s) = strstrt(s, "\n") == 0 ? 1 : 1 + lines(s[strstrt(s, "\n") + 1:*])
arm(i) = fill("", SERIES_NAME[i], "-", int((tile(SERIES_PANEL[i] + 1) - 4) / 6.4))
panel(p) = fill("", PANEL[p], " ", int((narrow ? width - from : tile(p) * COLUMNS[p] + gap) / 7))
title_lines = 1; arm_lines = 1
do for [p = 1:n_panels] { title_lines = lines(panel(p)) > title_lines ? lines(panel(p)) : title_lines }
do for [i = 1:n_series] { arm_lines = lines(arm(i)) > arm_lines ? lines(arm(i)) : arm_lines }
above = narrow ? 26 : 14
head = above + 2 + 15 * title_lines + 13 * arm_lines

# Rows whose names begin alike are a group. Where each is its own there is nothing to part.
group(i) = part(ROW[i], "/")
groups = 1
do for [i = 2:n_rows] { groups = groups + (group(i) ne group(i - 1)) }

h = (height - top - bottom) / (1.0 * (narrow ? n_panels : 1))
row = (h - head) / (1.0 * n_rows)
set style fill solid 1 noborder
set multiplot
do for [p = 1:n_panels] {
	w = tile(p)
	x0 = left + (narrow ? 0 : BEFORE[p]); y0 = top + (narrow ? (p - 1) * h : 0)
	set lmargin at screen px(x0)
	set rmargin at screen px(x0 + w * COLUMNS[p])
	set tmargin at screen 1 - py(y0 + head)
	set bmargin at screen 1 - py(y0 + h)
	set xrange [-0.5:COLUMNS[p] - 0.5]
	set yrange [n_rows - 0.5:-0.5]
	unset xtics; unset grid
	set ytics scale 0 nomirror ()
	do for [i = 1:n_rows] { set ytics add ((p == 1 || narrow ? esc(ROW[i]) : "") i - 1) }
	set label 3 panel(p) at screen px(narrow ? from : x0 + 2), \
		screen 1 - py(y0 + above + 15 * (title_lines - lines(panel(p)))) left tc rgb INK font points(12)
	do for [i = 1:n_series] { if (SERIES_PANEL[i] == p - 1) {
		set label 20 + COLUMN[i] arm(i) at first COLUMN[i], \
			screen 1 - py(y0 + head - 10 - 13 * (lines(arm(i)) - 1)) center tc rgb SOFT font points(11)
	} }
	a = 2
	do for [i = 2:n_rows] { if (groups < n_rows && group(i) ne group(i - 1)) {
		a = a + 1
		set arrow a from -0.48, i - 1.5 to COLUMNS[p] - 0.52, i - 1.5 nohead lw 0.6 lc rgb SOFT back
	} }
	# Smaller letters where a little is missing; else what is too long is cut.
	fits(letters) = (w - 4) / letters / 0.56
	size = fits(LONGEST[p]) > 9 ? fits(LONGEST[p]) : fits(LEAST[p])
	size = size > 11 ? 11 : size
	room = fits(LONGEST[p]) > 9 ? LONGEST[p] : int((w - 4) / (0.62 * size))
	reach = 0.45 * row * 2 / w		# of a line of the hatch, in columns
	plot for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && is_filled(strcol(5)) ? COLUMN[i] : NaN):1:\
		(COLUMN[i] - 0.48):(COLUMN[i] + 0.48):($1 - 0.45):($1 + 0.45):(tone(strcol(5), $2)) \
		with boxxyerror lc rgb variable, \
	     for [t = 0:int((0.96 - reach) * w / 9)] for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && letter(strcol(5)) eq "?" ? COLUMN[i] - 0.48 + t * 9 / w : NaN):\
		($1 + 0.45):(reach):(-0.9) with vectors nohead lw 1 lc rgb GRID, \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && !is_in(strcol(5), "s+=-") ? COLUMN[i] : NaN):1:\
		(COLUMN[i] - 0.48):(COLUMN[i] + 0.48):($1 - 0.45):($1 + 0.45) \
		with boxxyerror lc rgb GRID lw 1 fs empty, \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 && letter(strcol(5)) eq "-" ? COLUMN[i] : NaN):1:\
		(COLUMN[i] - 0.48):(COLUMN[i] + 0.48):($1 - 0.45):($1 + 0.45) \
		with boxxyerror lc rgb INK lw 1.4 fs empty, \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (SERIES_PANEL[i] == p - 1 ? COLUMN[i] : NaN):1:(shown(strcol(5), room)):(ink(strcol(5), $2)) \
		with labels center tc rgb variable font points(size)
	unset label; unset arrow
	do for [i = 101:k] { unset object i }
}
unset multiplot
