# A ladder: a value over the numbers of its axis, a panel a cell, a line an arm.
DATA = ARG2; OUT = ARG3; FORMAT = ARG4
load ARG1

cols = n_panels > 1 ? 2 : 1
rows = (n_panels + cols - 1) / cols
top = 70; bottom = 60; left = 70
set multiplot
do for [p = 1:n_panels] {
	c = (p - 1) % cols; r = (p - 1) / cols
	w = width / cols; h = (height - top) / rows
	set lmargin at screen px(c * w + left)
	set rmargin at screen px((c + 1) * w - right)
	set tmargin at screen 1 - py(top + r * h + 22)
	set bmargin at screen 1 - py(top + (r + 1) * h - bottom)
	if (x_log) { set logscale x 2 }
	if (value_log) { set logscale y 10 }
	set xrange [x_min:x_log ? x_max * 1.02 : x_max]
	set yrange [value_min:value_max]
	set format ""
	set xtics scale 0 nomirror (); set ytics scale 0 nomirror ()
	do for [i = 1:n_xticks] { set xtics add (esc(XTICK_NAME[i]) XTICK[i]) }
	do for [i = 1:n_ticks] { set ytics add (esc(TICK_NAME[i]) TICK[i]) }
	set grid ytics lt 1 lw 1 lc rgb GRID
	set xlabel x_title tc rgb SOFT offset 0, 0.3
	set label 3 PANEL[p] at graph 0, graph 1 offset 0, 0.9 left tc rgb INK font ",12"
	do for [i = 1:n_series] {
		if (SERIES_PANEL[i] == p - 1) {
			set label 100 + i SERIES_NAME[i] at graph 1.02, graph SERIES_AT[i] \
				left tc rgb rgb(SERIES_RGB[i]) font ",11"
		} else { unset label 100 + i }
	}
	plot for [i = 1:n_series] DATA index FIRST + i - 1 \
		using 1:(SERIES_PANEL[i] == p - 1 ? $3 : NaN):(0):($4 - $3) \
		with vectors nohead lw 1.4 lc rgb rgb(SERIES_RGB[i]), \
	     for [i = 1:n_series] DATA index FIRST + i - 1 \
		using 1:(SERIES_PANEL[i] == p - 1 ? $2 : NaN) \
		with linespoints pt shape(SERIES_COLOUR[i]) ps 0.6 lw 1.8 \
		lc rgb rgb(SERIES_RGB[i])
	unset label 1; unset label 2
}
unset multiplot
