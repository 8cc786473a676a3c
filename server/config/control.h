/* control.h - what is configured of the control plane, and of looking whether the gateway serves a
 * change. */
#pragma once

struct config_control {
    const char *pilot;      /* URL of pilot's debug pages (port 15014); NULL: none is given */
    const char *controller; /* URL of the controller's own (port 8888); NULL: none is given */
    double served;          /* seconds that replicas have to serve a change; 0: none is asked */
};
