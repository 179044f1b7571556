# History: ratios over campaigns, a panel a series, a mark an arm with its interval.
# A triangle at the edge is a campaign beyond it. Colours from 60 on are the levels of arms, 99 the changes between them.
DATA = ARG2; OUT = ARG3; FORMAT = ARG4
load ARG1

cols = n_panels > 1 ? 2 : 1
rows = (n_panels + cols - 1) / cols
top = 88; bottom = 56; left = 76; edge = 26; from = left
n_legend = 0
do for [i = 1:n_series] {
	c = SERIES_COLOUR[i]
	if (c < 60 && LEADS[i]) {
		n_legend = n_legend + 1
		LEGEND[n_legend] = SERIES_NAME[i]
		x = legend_x(n_legend); y = legend_y(n_legend, 68)
		top = 88 + 18 * legend_line(n_legend)
		set label 100 + n_legend SERIES_NAME[i] at screen px(x + 14), screen y \
			left tc rgb INK font points(12)
		set label 200 + n_legend "" at screen px(x + 4), screen y \
			point pt shape(c) ps 0.8 lc rgb rgb(SERIES_RGB[i])
	}
}
is_point(i, p) = SERIES_PANEL[i] == p - 1 && SERIES_COLOUR[i] < 60
is_level(i, p) = SERIES_PANEL[i] == p - 1 && SERIES_COLOUR[i] >= 60 && SERIES_COLOUR[i] < 99
is_change(i, p) = SERIES_PANEL[i] == p - 1 && SERIES_COLOUR[i] == 99
size = n_legend && x_max > 60 ? 0.3 : 0.55
h = (height - top) / (1.0 * rows)
set multiplot
do for [p = 1:n_panels] {
	c = (p - 1) % cols; r = (p - 1) / cols
	w = width / cols
	set lmargin at screen px(c * w + left)
	set rmargin at screen px((c + 1) * w - edge)
	set tmargin at screen 1 - py(top + r * h + 26)
	set bmargin at screen 1 - py(top + (r + 1) * h - bottom)
	if (value_log) { set logscale y 10 }
	set xrange [x_min:x_max]
	set yrange [value_min:value_max]
	set format ""
	set xtics scale 0 nomirror (); set ytics scale 0 nomirror ()
	do for [i = 1:n_xticks] { set xtics add (esc(XTICK_NAME[i]) XTICK[i]) }
	do for [i = 1:n_ticks] { set ytics add (esc(TICK_NAME[i]) TICK[i]) }
	set grid ytics lt 1 lw 1 lc rgb GRID
	set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lw 1.4 lc rgb SOFT back
	set xlabel x_title tc rgb SOFT offset 0, 0.3
	set label 3 PANEL[p] at graph 0, graph 1 offset 0, 0.9 left tc rgb INK font points(12)
	plot for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (is_change(i, p) ? $1 : NaN):(value_min):(0):(value_max - value_min) \
		with vectors nohead lw 1 dt 2 lc rgb SOFT, \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using 1:(is_point(i, p) ? $3 : NaN):(0):($4 - $3) \
		with vectors nohead lw 1.2 lc rgb 0x80000000 + rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using 1:(is_level(i, p) ? $2 : NaN) with lines lw 2 lc rgb rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using 1:(is_point(i, p) ? $2 : NaN) \
		with points pt shape(SERIES_COLOUR[i]) ps size lc rgb rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using (is_change(i, p) ? $1 : NaN):(value_max):5 \
		with labels left offset 0.4, -0.7 tc rgb INK font points(11), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using 1:(is_point(i, p) && $2 > value_max ? value_max : NaN) \
		with points pt 9 ps 1 lc rgb rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using 1:(is_point(i, p) && $2 < value_min ? value_min : NaN) \
		with points pt 11 ps 1 lc rgb rgb(SERIES_RGB[i])
	unset label 1; unset label 2
	do for [i = 1:n_legend] { unset label 100 + i; unset label 200 + i }
}
unset multiplot
