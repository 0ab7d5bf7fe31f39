"""What the MPC minimises: each cost adds its part of ½uᵀHu + fᵀu, u the N×n accelerations of the horizon."""
