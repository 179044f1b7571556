# Shares: how many of the single pages took no more than so long, a panel a cell, a line an arm.
# The band is from the least to the greatest of a boot.
DATA = ARG2; OUT = ARG3; FORMAT = ARG4
load ARG1

cols = n_panels > 1 && !narrow ? 2 : 1
rows = (n_panels + cols - 1) / cols
top = 82 - up; bottom = 60; left = narrow ? 70 : 84; edge = 26; from = edge_left(left)
n_legend = 0
do for [i = 1:n_series] {
	if (LEADS[i]) {
		n_legend = n_legend + 1
		LEGEND[n_legend] = SERIES_NAME[i]
		x = legend_x(n_legend); y = legend_y(n_legend, 68)
		top = 82 - up + 18 * legend_line(n_legend)
		set object 100 + n_legend rectangle center screen px(x + 6), screen y \
			size screen px(12), screen py(4) fs solid noborder fc rgb rgb(SERIES_RGB[i])
		set label 100 + n_legend SERIES_NAME[i] at screen px(x + 18), screen y \
			left tc rgb INK font points(12)
	}
}
h = (height - top) / (1.0 * rows)
set multiplot
do for [p = 1:n_panels] {
	c = (p - 1) % cols; r = (p - 1) / cols
	w = width / cols
	set lmargin at screen px(c * w + left)
	set rmargin at screen px((c + 1) * w - edge)
	set tmargin at screen 1 - py(top + r * h + (narrow ? 34 : 26))
	set bmargin at screen 1 - py(top + (r + 1) * h - bottom)
	if (x_log) { set logscale x 10 }
	set xrange [x_min:x_max]
	set yrange [value_min:value_max]
	set format ""
	set xtics scale 0 nomirror (); set ytics scale 0 nomirror ()
	do for [i = 1:n_xticks] { set xtics add (esc(XTICK_NAME[i]) XTICK[i]) }
	do for [i = 1:n_ticks] { set ytics add (esc(TICK_NAME[i]) TICK[i]) }
	set grid xtics ytics lt 1 lw 1 lc rgb GRID
	set xlabel x_title tc rgb SOFT offset 0, 0.3
	if (c == 0) { set ylabel value_title tc rgb SOFT } else { unset ylabel }
	set label 3 PANEL[p] at screen px(narrow ? from : c * w + left), graph 1 offset 0, narrow ? 1.3 : 0.9 left tc rgb INK font points(12)
	plot for [i = 1:n_series] DATA index FIRST + i - 1 \
		using 1:(SERIES_PANEL[i] == p - 1 ? $3 : NaN):4 \
		with filledcurves fs transparent solid 0.2 noborder fc rgb rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using 1:(SERIES_PANEL[i] == p - 1 ? $2 : NaN) \
		with lines lw 1.8 lc rgb rgb(SERIES_RGB[i])
	unset label 1; unset label 2
	do for [i = 1:n_legend] { unset object 100 + i; unset label 100 + i }
}
unset multiplot
